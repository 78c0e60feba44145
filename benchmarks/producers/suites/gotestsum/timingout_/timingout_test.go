package timingout

import (
	"testing"
	"time"
)

func Test_timingout(t *testing.T) { time.Sleep(30 * time.Second) }
