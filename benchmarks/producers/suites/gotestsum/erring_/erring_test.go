package erring

import "testing"

func Test_erring(t *testing.T) {
	var nothing map[string]int
	nothing["x"] = 1
}
