package truth

import (
	"os"
	"testing"
)

func Test_passing(t *testing.T)  {}
func Test_failing(t *testing.T)  { t.Error("one is not two") }
func Test_skipping(t *testing.T) { t.Skip("not here") }
func Test_flaking(t *testing.T) {
	if _, err := os.Stat("flaked"); err != nil {
		os.WriteFile("flaked", nil, 0o600)
		t.Fatal("not yet")
	}
}
func Test_badteardown(t *testing.T) { t.Cleanup(func() { t.Error("not tidied up") }) }
