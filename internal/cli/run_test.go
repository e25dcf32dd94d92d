package cli_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestEachErrorStandsWithItsHints(t *testing.T) {
	hinted := func(text string, hints ...string) error {
		err := errors.New(text)
		for _, hint := range hints {
			err = diag.WithHint(err, hint)
		}
		return err
	}
	var many []error
	for i := range 22 {
		many = append(many, hinted(fmt.Sprint(i), "the same"))
	}
	for claim, test := range map[string]struct {
		err  error
		want string
	}{
		"one": {hinted("a", "inner", "outer"), "x: a\nhint: outer\nhint: inner\n"},
		"one with, one without": {errors.Join(hinted("a", "do a"), hinted("b")),
			"x: a\nhint: do a\nx: b\n"},
		"others": {errors.Join(hinted("a"), hinted("b", "do b"), hinted("c", "do c")),
			"x: a\nx: b\nhint: do b\nx: c\nhint: do c\n"},
		"the same for several": {errors.Join(hinted("a", "do"), hinted("b", "do"), hinted("c")),
			"x: a\nx: b\nhint: do\nx: c\n"},
		"of many the first": {errors.Join(many...), "x: 0\nx: 1\nx: 2\nx: 3\nx: 4\nx: 5\nx: 6\nx: 7\nx: 8\nx: 9\n" +
			"x: 10\nx: 11\nx: 12\nx: 13\nx: 14\nx: 15\nx: 16\nx: 17\nx: 18\nx: 19\nhint: the same\nx: and 2 more\n"},
	} {
		var told strings.Builder
		p := &cli.Process{Err: &diag.Screen{To: &told}}
		p.Complain("x", test.err)
		assert.Equal(t, test.want, told.String(), claim)
	}
}
