package unloadable

import "testing"

func Test_unloadable(t *testing.T) { noSuchThing() }
