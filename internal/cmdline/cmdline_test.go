package cmdline_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cmdline"
)

// words joins the arguments of a line, each as NAME or NAME=VALUE.
func words(line string) string {
	var all []string
	for _, a := range cmdline.Arguments(line) {
		word := a.Name
		if a.Assigned {
			word += "=" + a.Value
		}
		all = append(all, word)
	}
	return strings.Join(all, "|")
}

func TestWords(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"nothing":                                      {" \n", ""},
		"blanks of every kind part":                    {" a\tb=c \n\vd\r\n", "a|b=c|d"},
		"the first = ends the name":                    {"a=b=c", "a=b=c"},
		"a value in quotes keeps its blanks":           {`a="b c" d`, "a=b c|d"},
		"so does a whole argument":                     {`"a=b c" d`, "a=b c|d"},
		"quotes without blanks go as well":             {`a="b" "c=d" "e"`, "a=b|c=d|e"},
		"quotes may begin anywhere":                    {`a=b"c d"e f"="g`, "a=bc de|f=g"},
		"quotes with nothing in them are empty":        {`a="" "" b`, "a=||b"},
		"a backslash is a letter":                      {`a=b\ c`, `a=b\|c`},
		"an open quote keeps nothing together":         {`a="b c d`, "a=b|c|d"},
		"nor does one at the end":                      {`a=b"`, "a=b"},
		"a value in single quotes keeps its blanks":    {`a='b c' d`, "a=b c|d"},
		"so does a whole argument in single quotes":    {`'a=b c' 'd'`, "a=b c|d"},
		"an apostrophe is a letter":                    {`a=bob's b='tis c=d`, "a=bob's|b='tis|c=d"},
		"as are two around a part":                     {`a='b'c d='e 'f`, "a='b'c|d='e|'f"},
		"double quotes within single ones are letters": {`a='{"b":1}'`, `a={"b":1}`},
		"and single ones within double ones":           {`a="b's c"`, "a=b's c"},
		"a value begins after the first = only":        {`a=b='c d'`, "a=b='c|d'"},
	} {
		assert.Equal(t, test.want, words(test.line), name)
	}
}

func TestAWordIsGivenAsItIsWrittenToo(t *testing.T) {
	all := cmdline.Arguments(` a={"b c":1} 'd=e'`)
	require.Len(t, all, 2)
	assert.Equal(t, cmdline.Argument{Name: "a", Value: "{b c:1}", Assigned: true, Written: `a={"b c":1}`}, all[0])
	assert.Equal(t, cmdline.Argument{Name: "d", Value: "e", Assigned: true, Written: `'d=e'`}, all[1])
}

func TestTheLastValueCounts(t *testing.T) {
	const line = `a=1 a="2 3" a= a ab=4`
	assert.Equal(t, "2 3", cmdline.Last(line, "a"))
	assert.Empty(t, cmdline.Last(line, "b"))
}

// Invariants: words are pieces of the line in its order, with nothing but blanks between; without quotes they are
// strings.Fields.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{`a="b c" 'd e' f`, `"`, `a='`, `'"' "'"`, "a=b='c d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		rest := line
		var fields []string
		for _, a := range cmdline.Arguments(line) {
			before, after, found := strings.Cut(rest, a.Written)
			require.True(t, found)
			require.Empty(t, strings.Trim(before, " \t\n\v\f\r"))
			require.NotEmpty(t, a.Written)
			rest = after
			fields = append(fields, a.Written)
		}
		require.Empty(t, strings.Trim(rest, " \t\n\v\f\r"))
		if !strings.ContainsAny(line, `"'`) {
			want := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) })
			require.Equal(t, strings.Join(want, " "), strings.Join(fields, " "))
		}
	})
}
