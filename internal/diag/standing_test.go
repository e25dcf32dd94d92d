package diag_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestWhatOthersPutRightDoesNotStand(t *testing.T) {
	is := func(severity diag.Severity, stricter bool, mends diag.Mends) diag.Problem {
		return diag.Problem{Severity: severity, Stricter: stricter, Mends: mends, Code: "x"}
	}
	for _, c := range []struct {
		claim            string
		problem          diag.Problem
		merged, replaced bool
	}{
		{"an error of ours that merging mends", is(diag.Error, true, diag.Merging), false, false},
		{"one that goes with the whole config only", is(diag.Error, true, diag.Replacing), true, false},
		{"one of what is fetched before", is(diag.Error, true, diag.Nothing), true, true},
		{"a warning of ours", is(diag.Warning, true, diag.Merging), true, true},
		{"an error of the peer's", is(diag.Error, false, diag.Merging), true, true},
	} {
		stands := func(others diag.Mends) bool { return len(diag.Standing([]diag.Problem{c.problem}, others)) > 0 }
		assert.Equal(t, []bool{true, c.merged, c.replaced},
			[]bool{stands(diag.Nothing), stands(diag.Merging), stands(diag.Replacing)}, c.claim)
	}
}

func TestWhatStandsIsCountedByItself(t *testing.T) {
	var l diag.List
	for range 2*diag.Most + 7 {
		l.Next(diag.Problem{Severity: diag.Error, Stricter: true, Mends: diag.Merging, Code: "x"})
	}
	for range 3 {
		l.Next(diag.Problem{Severity: diag.Error, Stricter: true, Mends: diag.Replacing, Code: "x"})
	}
	stands := diag.Standing(l.All(), diag.Merging)
	if assert.Len(t, stands, 1) {
		assert.Equal(t, 3, stands[0].More)
	}
}
