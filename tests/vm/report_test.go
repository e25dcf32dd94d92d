package vm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// judge gives every verdict as "name: what is wrong", and the report.
func judge(lines ...string) ([]string, *report) {
	r := newReport()
	var verdicts []*verdict
	for _, line := range lines {
		if v := r.add(line); v != nil {
			verdicts = append(verdicts, v)
		}
	}
	var said []string
	for _, v := range append(verdicts, r.unfinished()...) {
		said = append(said, strings.TrimSuffix(v.name+": "+v.wrong, ": "))
	}
	return said, r
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		said  []string
	}{
		"a test that passes": {
			[]string{`{"Action":"start","Package":"p"}`, `{"Action":"run","Package":"p","Test":"A"}`,
				`{"Action":"pass","Package":"p","Test":"A"}`, `{"Action":"pass","Package":"p"}`},
			[]string{"p/A"},
		},
		"a subtest that fails, and with it its test": {
			[]string{`{"Action":"run","Package":"p","Test":"A"}`, `{"Action":"run","Package":"p","Test":"A/b"}`,
				`{"Action":"fail","Package":"p","Test":"A/b"}`, `{"Action":"fail","Package":"p","Test":"A"}`,
				`{"Action":"fail","Package":"p"}`},
			[]string{"p/A/b: failed", "p/A: failed"},
		},
		"a test that is skipped": {
			[]string{`{"Action":"run","Package":"p","Test":"A"}`, `{"Action":"skip","Package":"p","Test":"A"}`},
			[]string{"p/A: skipped, in a machine that has all that a test may ask for"},
		},
		"a machine that stops": {
			[]string{`{"Action":"start","Package":"p"}`, `{"Action":"run","Package":"p","Test":"A"}`},
			[]string{"p: did not finish", "p/A: did not finish"},
		},
		"a package that fails before its tests": {
			[]string{`{"Action":"start","Package":"p"}`, `{"Action":"output","Package":"p","Output":"panic\n"}`,
				`{"Action":"fail","Package":"p"}`},
			[]string{"p: failed"},
		},
		"nothing at all": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			said, _ := judge(c.lines...)
			assert.Equal(t, c.said, said)
		})
	}
}

func TestOutputBelongsToItsTest(t *testing.T) {
	r := newReport()
	r.add(`{"Action":"run","Package":"p","Test":"A"}`)
	r.add(`{"Action":"run","Package":"p","Test":"B"}`)
	r.add(`{"Action":"output","Package":"p","Test":"A","Output":"one\n"}`)
	r.add(`{"Action":"output","Package":"p","Test":"B","Output":"two\n"}`)
	r.add(`{"Action":"output","Package":"p","Test":"A","Output":"three\n"}`)
	r.add("sh: no such file")
	assert.Equal(t, "one\nthree\n", r.add(`{"Action":"fail","Package":"p","Test":"A","Elapsed":1.5}`).output)
	assert.Equal(t, "sh: no such file\n", r.stray.String())
	assert.Equal(t, 1, r.count)
}
