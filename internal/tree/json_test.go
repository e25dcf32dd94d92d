package tree_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	gojson "github.com/coreos/go-json"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func parse(text string) (tree.Node, *diag.Problem) {
	return tree.NewArena().ParseJSON(&diag.Document{Name: "x", Text: text})
}

func mustParse(t *testing.T, text string) tree.Node {
	t.Helper()
	root, problem := parse(text)
	require.Nil(t, problem)
	return root
}

// culprit asks encoding/json which byte of a text is the first that is wrong; len(text) where the text ends too early,
// -1 where nothing is wrong. SyntaxError.Offset counts the bytes that were read. At the end of a text it does not tell
// whether the last byte is wrong or the next one is missing, so a space is added.
func culprit(text string) int {
	var syntax *json.SyntaxError
	if json.Valid([]byte(text)) || !errors.As(json.Unmarshal([]byte(text+" "), new(any)), &syntax) {
		return -1
	}
	return min(int(syntax.Offset)-1, len(text))
}

func TestSyntaxErrorsPointAtTheByteAndSayWhatToDo(t *testing.T) {
	for _, c := range []struct{ claim, text, message, hint string }{
		{"nothing but space", " \n", "the document ends in the middle of a value", "cut off"},
		{"an object cut off", `{"a": 1`, "the document ends inside an object", "not closed"},
		{"an object cut off after its brace", `{`, "the document ends inside an object", "cut off"},
		{"an object cut off after a comma", `{"a": 1,`, "the document ends inside an object", "cut off"},
		{"a list cut off", `[1, [2`, "the document ends inside a list", "not closed"},
		{"a list cut off after a comma", `[1, `, "the document ends in the middle of a value", "cut off"},
		{"a string cut off", `["ab`, "the document ends inside a string", "closing quote"},
		{"a string cut off in an escape", `["ab\`, "the document ends inside a string", "closing quote"},
		{"a string cut off in a hex escape", `["ab\u12`, `\u needs 4 hex digits`, ""},
		{"a key cut off", `{"ab`, "the document ends inside a string", "closing quote"},
		{"a document cut off after a key", `{"ab" `, "the document ends after a key", "cut off"},
		{"a document cut off after a colon", `{"ab":`, "the document ends in the middle of a value", "cut off"},
		{"a literal cut off", `tru`, "a value is expected here", "did you mean true?"},
		{"a number cut off", `-`, "a digit is expected here", ""},
		{"a number cut off in its fraction", `1.`, "a digit is expected here", ""},
		{"a number cut off in its exponent", `1e+`, "a digit is expected here", ""},
		{"a second document", `{} {}`, "something follows the end of the document", "remove what comes after"},
		{"a brace too many", `{}}`, "something follows the end of the document", "remove what comes after"},
		{"a byte order mark", "\ufeff{}", "the document starts with a byte order mark", "without BOM"},
		{"a byte order mark elsewhere", "[\ufeff1]", "an invisible character (U+FEFF) stands here", "double quotes"},
		{"a comment before a value", `[ // x`, "JSON has no comments", "remove the comment"},
		{"a comment after a value", `[1 /* x */]`, "JSON has no comments", "remove the comment"},
		{"a comment before a key", `{/* x */}`, "JSON has no comments", "remove the comment"},
		{"a shell comment", "# x\n{}", "JSON has no comments", "remove the comment"},
		{"a string in single quotes", `['a']`, "a string starts with a single quote", "use double quotes"},
		{"a key in single quotes", `{'a': 1}`, "a string starts with a single quote", "use double quotes"},
		{"a key without quotes", `{a: 1}`, "a key is not quoted", "double quotes"},
		{"a key that is a number", `{1: 1}`, `a key is expected, not "1"`, `"key": value`},
		{"a comma after the last item", `[1, ]`, "a comma stands after the last element", "before the closing bracket"},
		{"a comma after the last member", `{"a": 1, }`, "a comma stands after the last element",
			"before the closing brace"},
		{"a missing item", `[1,,2]`, "a value is missing before the comma", "remove the comma"},
		{"a missing member", `{,}`, "a value is missing before the comma", "remove the comma"},
		{"a missing value", `{"a": }`, "a value is missing here", ""},
		{"a fraction without its zero", `[.5]`, `a number starts with "."`, "write 0.5"},
		{"a plus sign", `[+1]`, `a number starts with "+"`, "write 0.5 and 1"},
		{"a word", `[yes]`, `"y" cannot start a value`, "double quotes"},
		{"a control byte for a value", "[\x01]", "the byte 0x01 cannot start a value", "double quotes"},
		{"a misspelt literal", `[True]`, `true is written in lower case letters`, "double quotes"},
		{"a literal that goes wrong", `[nul]`, "a value is expected here", "did you mean null?"},
		{"a literal that goes wrong early", `[fAlse]`, "a value is expected here", "did you mean false?"},
		{"a missing comma between members", `{"a": 1 "b": 2}`, "a comma is missing between two elements of an object",
			""},
		{"a missing comma between items", `[{} {}]`, "a comma is missing between two elements of a list", ""},
		{"a list closed with a brace", `[1}`, `a list is closed with "}"`, ""},
		{"an object closed with a bracket", `{"a": 1]`, `an object is closed with "]"`, ""},
		{"something after a value", `{"a": 1; "b": 2}`, `";" cannot follow a value`, "closing bracket"},
		{"a colon in a list", `["a": 1]`, `":" cannot follow a value`, "closing bracket"},
		{"an equals sign", `{"a" = 1}`, "a colon is missing after the key", `"key": value`},
		{"a number in octal", `{"mode": 0644}`, "a number starts with 0", "permission bits 0644 are written 420"},
		{"a number in hex", `[0x1F]`, "a number starts with 0", "decimal numbers only"},
		{"a minus without digits", `[-]`, "a digit is expected here", ""},
		{"a fraction without digits", `[1.e1]`, "a digit is expected here", ""},
		{"an exponent without digits", `[1e]`, "a digit is expected here", ""},
		{"a line break in a string", "[\"a\nb\"]", "a string is not closed at the end of its line", `written \n`},
		{"a tab in a string", "[\"a\tb\"]", "a string holds a tab", `\t`},
		{"a NUL in a string", "[\"a\x00b\"]", "a string holds the control character 0x00", `\u0000`},
		{"a backslash before a letter", `["a\qb"]`, `a backslash cannot stand before "q"`, `\\`},
		{"a backslash before a byte that is not UTF-8", "[\"a\\\xffb\"]",
			"a backslash cannot stand before the byte 0xFF", `\\`},
		{"a hex escape with a wrong digit", `["\u12g4"]`, `\u needs 4 hex digits`, ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			_, problem := parse(c.text)
			require.NotNil(t, problem)
			assert.Equal(t, c.message, problem.Message)
			assert.Contains(t, problem.Hint, c.hint)
			if c.hint == "" {
				assert.Empty(t, problem.Hint)
			}
			assert.Equal(t, "json-syntax", string(problem.Code))
			assert.Equal(t, diag.Error, problem.Severity)
			want := culprit(c.text)
			assert.Equal(t, diag.Span{Start: want, End: min(want+1, len(c.text))}, problem.Place.Span)
			assert.Equal(t, c.text, problem.Place.Doc.Text)
		})
	}
}

func TestWhatIsNotClosedIsShownWhereItOpens(t *testing.T) {
	for text, opens := range map[string]int{`{"a": [1, 2`: 6, `{"a": [1, 2}`: 6, `{"a": "b`: 6, `{"a`: 1, `[{]`: -1} {
		_, problem := parse(text)
		require.NotNil(t, problem)
		if opens < 0 {
			assert.Empty(t, problem.Related, text)
			continue
		}
		require.Len(t, problem.Related, 1, text)
		assert.Equal(t, diag.Span{Start: opens, End: opens + 1}, problem.Related[0].Place.Span, text)
		assert.Equal(t, "it opens here", problem.Related[0].Message)
		assert.Same(t, problem.Place.Doc, problem.Related[0].Place.Doc)
	}
}

func TestNestingHasALimit(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat(`{"a":[`, depth/2) + strings.Repeat("]}", depth/2) }
	root := mustParse(t, nested(10000))
	depth := 0
	for n := root; n.Exists(); n = n.First() {
		depth++
	}
	assert.Equal(t, 10000, depth)

	text := nested(10002)
	_, problem := parse(text)
	require.NotNil(t, problem)
	assert.Equal(t, "lists and objects nest deeper than 10000 levels", problem.Message)
	assert.Equal(t, culprit(text), problem.Place.Span.Start)
}

// Five megabytes of each are refused at the byte where it is decided. A reader that needed more than constant time for
// a byte, or a stack as deep as the text, would not end here.
func TestHostileTextsAreRefused(t *testing.T) {
	const size = 5 << 20
	for claim, text := range map[string]string{
		"opening brackets":       strings.Repeat("[", size),
		"opening braces":         strings.Repeat("{", size),
		"objects in objects":     strings.Repeat(`{"":`, size/4),
		"quotes":                 strings.Repeat(`"`, size),
		"backslashes":            `"` + strings.Repeat(`\`, size),
		"an open string":         `["` + strings.Repeat("x", size),
		"space and nothing else": strings.Repeat(" ", size),
		"commas":                 "[" + strings.Repeat(",", size),
		"an endless number":      "[" + strings.Repeat("9", size),
		"NULs":                   strings.Repeat("\x00", size),
		"siblings, cut off":      "[" + strings.Repeat("[],", size/3),
	} {
		t.Run(claim, func(t *testing.T) {
			_, problem := parse(text)
			require.NotNil(t, problem)
			assert.Equal(t, culprit(text), problem.Place.Span.Start)
		})
	}
}

func TestStringsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	for claim, literal := range map[string]string{
		"plain":                                `"abc"`,
		"empty":                                `""`,
		"every short escape":                   `"\" \\ \/ \b \f \n \r \t"`,
		"hex in both cases":                    `"\u00e9\u00E9\u4e16"`,
		"a NUL":                                `"a\u0000b"`,
		"a surrogate pair":                     `"\ud83d\ude00!"`,
		"a high half at the end":               `"x\ud83d"`,
		"a high half before text":              `"\ud83dx"`,
		"a high half before an escape":         `"\ud83d\n"`,
		"a high half before another character": `"\ud83d\u0041"`,
		"a low half first":                     `"\ude00\ud83d"`,
		"two high halves and a low one":        `"\ud83d\ud83d\ude00"`,
		"a backslash before u":                 `"\\ud83d"`,
		"multi-byte characters":                `"äöü€😀"`,
		"a byte that is not UTF-8":             "\"a\xffb\"",
		"a sequence cut off":                   "\"a\xe2\x82\"",
		"bad bytes and an escape":              "\"\xc0\x80\\n\"",
		"a surrogate half in UTF-8":            "\"\xed\xa0\x80\"",
		"the replacement character itself":     `"�"`,
		"DEL and C1":                           "\"\x7f\u0085\"",
	} {
		t.Run(claim, func(t *testing.T) {
			var want string
			require.NoError(t, json.Unmarshal([]byte(literal), &want))
			assert.Equal(t, want, mustParse(t, literal).Text())
			member := mustParse(t, `{"first":1, `+literal+` : 2}`).At(1)
			assert.Equal(t, want, member.Key())
			assert.Equal(t, diag.Span{Start: 12, End: 12 + len(literal)}, member.KeyPlace().Span)
			assert.Equal(t, "2", mustParse(t, `{"first":1, `+literal+` : 2}`).Get(want).Text())
		})
	}
}

func TestNotUTF8NamesTheFirstBadByte(t *testing.T) {
	for text, want := range map[string]int{"": -1, "äö": -1, "�": -1, "a\xffb\xfe": 1, "ä\xe2\x82": 2, "�\xff": 3,
		"\xed\xa0\x80": 0} {
		doc := &diag.Document{Text: text}
		problem := tree.NotUTF8(doc)
		if want < 0 {
			assert.Nil(t, problem, "%q", text)
			continue
		}
		require.NotNil(t, problem, "%q", text)
		assert.Equal(t, diag.Place{Doc: doc, Span: diag.Span{Start: want, End: want + 1}}, problem.Place, "%q", text)
		assert.True(t, problem.Stricter)
	}
}

// value builds what encoding/json makes of a tree: of members with one key the last counts.
func value(n tree.Node) any {
	switch n.Kind() {
	case tree.Null:
		return nil
	case tree.Bool:
		return n.Text() == "true"
	case tree.Number:
		return json.Number(n.Text())
	case tree.String:
		return n.Text()
	case tree.List:
		list := []any{}
		for c := range n.Children() {
			list = append(list, value(c))
		}
		return list
	case tree.Object:
		object := map[string]any{}
		for c := range n.Children() {
			object[c.Key()] = value(c)
		}
		return object
	}
	panic("a node without a kind")
}

// std is what encoding/json makes of a text.
func std(t *testing.T, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	return v
}

// rereads holds every span of a tree against encoding/json: the text of a span alone is the value of its node, that of
// a key's span is the key. Spans lie in order and inside that of the parent.
func rereads(t *testing.T, text string, n tree.Node) {
	t.Helper()
	span := n.Span()
	require.Equal(t, value(n), std(t, text[span.Start:span.End]))
	at := span.Start + 1
	for c := range n.Children() {
		require.Equal(t, n.Kind() == tree.Object, c.IsMember())
		if c.IsMember() {
			key := c.KeyPlace().Span
			require.Equal(t, c.Key(), std(t, text[key.Start:key.End]))
			require.LessOrEqual(t, at, key.Start)
			at = key.End
		}
		require.LessOrEqual(t, at, c.Span().Start)
		at = c.Span().End
		rereads(t, text, c)
	}
	require.LessOrEqual(t, at, max(span.End, span.Start+1))
}

// samePlaces compares the places of a tree with those of go-json. There the start of a list or an object is one behind
// its bracket, ends are those of the last byte, ends of keys are not; the last of several members with one key is all
// there is.
func samePlaces(t *testing.T, n tree.Node, other gojson.Node) {
	t.Helper()
	span := diag.Span{Start: other.Start, End: other.End + 1}
	switch inside := other.Value.(type) {
	case map[string]gojson.Node:
		span.Start--
		for key, o := range inside {
			c := n.Get(key)
			require.True(t, c.Exists(), "the key %q", key)
			require.Equal(t, diag.Span{Start: o.KeyStart, End: o.KeyEnd}, c.KeyPlace().Span)
			samePlaces(t, c, o)
		}
	case []gojson.Node:
		span.Start--
		require.Equal(t, len(inside), n.Len())
		index := tree.Index{}
		for i, o := range inside {
			samePlaces(t, index.At(n, i), o)
		}
	}
	require.Equal(t, span, n.Span())
}

// goJSON reads a text with go-json. Numbers that no float64 holds are an error there, though not one of syntax; of null
// alone it gives no node.
func goJSON(text string) (root gojson.Node, valid, readable bool) {
	err := gojson.Unmarshal([]byte(text), &root)
	return root, gojson.Valid([]byte(text)), err == nil && strings.TrimSpace(text) != "null"
}

var seeds = []string{
	`{"ignition": {"version": "3.6.0"}}`,
	"{\n\t\"a\": [1, -2.5e+7, true, false, null, \"x\\n\\ud83d\\ude00\"],\r\n \"b\\u00e9\": {}, \"c\": []\n}\n",
	`{"a": 1, "a": {"b": 2, "b": [3]}, "A": 4}`,
	"[\"\xff\", \"\xe2\x82\", {\"\xff\": \"\xff\", \"\\ud800\": 1}]",
	`[1e999, 00, 0x1]`, `[123456789012345678901234567890, 1E-400]`, `01`, `-`, `1.`, `"\u12"`, `"a`, "\"\n\"",
	`{"a" 1}`, `{"a":1,}`,
	`null`, ` null `, `[null]`, `[[[[[[[[]]]]]]]]`, `{}{}`, "\ufeff{}", `// x`, ` `, ``, "nul", `{"": ""}`, "\x00",
	`["\\\"", "\\\\"]`,
	`{"a":"\ud83d\u0041\ude00"}`, "[\t1\r,\n2 ]", `{"k":{"k":{"k":[{"k":null}]}}}`,
}

// FuzzJSON holds the reader against encoding/json and go-json:
//   - verdict: a text is accepted exactly if both accept it;
//   - values: the tree's value is that of Unmarshal into any, numbers kept as they are spelled;
//   - spans: every span, read alone, gives its node's value, every key's span its key;
//   - places: all spans are those of go-json;
//   - errors: a refused text is refused at the byte that encoding/json names.
func FuzzJSON(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root, problem := parse(text)
		require.Equal(t, json.Valid([]byte(text)), problem == nil)
		other, valid, readable := goJSON(text)
		if problem != nil {
			require.Equal(t, culprit(text), problem.Place.Span.Start, problem.Message)
			// go-json is older than the limit of depth.
			require.False(t, valid && !strings.Contains(problem.Message, "nest deeper"))
			return
		}
		require.True(t, valid)
		if diff := cmp.Diff(std(t, text), value(root)); diff != "" {
			t.Fatalf("value (-encoding/json +tree):\n%s", diff)
		}
		rereads(t, text, root)
		if readable {
			samePlaces(t, root, other)
		}
	})
}

func TestDocumentsOfOneArenaKeepApart(t *testing.T) {
	arena := tree.NewArena()
	var roots []tree.Node
	for i := range 5000 {
		root, problem := arena.ParseJSON(&diag.Document{Name: fmt.Sprint(i), Text: fmt.Sprintf(`{"n": [%d]}`, i)})
		require.Nil(t, problem)
		roots = append(roots, root)
	}
	for i, root := range roots {
		n := root.Get("n").At(0)
		require.Equal(t, fmt.Sprint(i), n.Text())
		require.Equal(t, fmt.Sprint(i), n.Document().Name)
	}
}

func TestTooManyDocumentsAreRefused(t *testing.T) {
	arena := tree.NewArena()
	doc := &diag.Document{Text: "1"}
	for range 65535 {
		_, problem := arena.ParseJSON(doc)
		require.Nil(t, problem)
	}
	_, problem := arena.ParseJSON(doc)
	require.NotNil(t, problem)
	assert.Equal(t, "there are more than 65535 documents", problem.Message)
}

func TestLongListsAreReadInOrder(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("[0")
	const count = 20000 // more than a chunk of nodes
	for i := 1; i < count; i++ {
		fmt.Fprintf(&text, ",%d", i)
	}
	text.WriteString("]")
	root := mustParse(t, text.String())
	require.Equal(t, count, root.Len())
	index := tree.Index{}
	for i := range count {
		require.Equal(t, fmt.Sprint(i), index.At(root, i).Text())
	}
}

func TestCharactersThatLookLikeThoseOfJSONAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"{\"a\":\u00a01}":         "5 a no-break space (U+00A0) stands where a blank belongs",
		"{\"a\":1,\u00a0\"b\":2}": "7 a no-break space (U+00A0) stands where a blank belongs",
		"{\"a\":1\u00a0}":         "6 a no-break space (U+00A0) stands where a blank belongs",
		"{\"a\":\u20031}":         "5 an invisible character (U+2003) stands here",
		"{“a”: 1}":                "1 a curly quote stands where a straight one belongs",
		"{\"a\": ‘b’}":            "6 a curly single quote stands where a straight double quote belongs",
		"{\"a\": True}":           "6 true is written in lower case letters",
		"[NULL]":                  "1 null is written in lower case letters",
	} {
		_, problem := tree.NewArena().ParseJSON(&diag.Document{Name: "x", Text: text})
		require.NotNil(t, problem, text)
		assert.Equal(t, want, fmt.Sprint(problem.Place.Span.Start, " ", problem.Message), text)
	}
}
