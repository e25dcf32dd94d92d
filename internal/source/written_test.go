package source_test

import (
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
		got, ok := source.Written(c.raw, c.part)
		assert.Equal(t, c.want != "", ok, c.raw)
		if ok {
			assert.Equal(t, c.want, c.raw[got.Start:got.End], c.raw)
		}
	}
}
