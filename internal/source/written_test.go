package source_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

func TestAPartOfAContentStandsInItsURL(t *testing.T) {
	for _, c := range []struct {
		raw, want string
		part      diag.Span
	}{
		{"data:,abc", "b", diag.Span{Start: 1, End: 2}}, {"data:,%61%62c", "%62c", diag.Span{Start: 1, End: 3}},
		{"data:text/plain;charset=utf-8,a%20b", "%20", diag.Span{Start: 1, End: 2}},
		{"data:,a", "a", diag.Span{Start: 0, End: 9}}, {"data:,a%zz", "z", diag.Span{Start: 2, End: 3}},
		{"data:;base64,YWJj", "", diag.Span{Start: 1, End: 2}}, {"https://h/abc", "", diag.Span{Start: 1, End: 2}},
		{"data:,", "", diag.Span{Start: 0, End: 1}}, {"data:,a%2", "", diag.Span{Start: 5, End: 6}},
	} {
		got, ok := source.Spell(c.raw).Find(c.part)
		assert.Equal(t, c.want != "", ok, c.raw)
		if ok {
			assert.Equal(t, c.want, c.raw[got.Start:got.End], c.raw)
		}
	}
}

// Where there is more content than a mark is set for, each part is found where a walk through all of it finds it.
func TestPartsFarIntoAContentAreFound(t *testing.T) {
	for unit, size := range map[string]int{"a": 1, "%61": 3, "%zz": 1, "%61b": 2} {
		raw := "data:," + strings.Repeat(unit, 1000)
		s := source.Spell(raw)
		for _, n := range []int{0, 1, 255, 256, 257, 511, 512, 700, 999} {
			want := len("data:,") + n*size
			if unit == "%61b" {
				want = len("data:,") + n/2*4 + n%2*3
			}
			got, ok := s.Find(diag.Span{Start: n, End: n + 1})
			assert.True(t, ok, unit)
			assert.Equal(t, want, got.Start, unit)
		}
	}
}
