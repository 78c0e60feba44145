package badsuiteteardown

import (
	"os"
	"testing"
)

func Test_badsuiteteardown(t *testing.T) {}

func TestMain(m *testing.M) {
	m.Run()
	os.Exit(1)
}
