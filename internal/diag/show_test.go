package diag_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// at makes a problem at the first place of a piece of text in a document.
func at(doc *diag.Document, piece string) diag.Place {
	i := strings.Index(doc.Text, piece)
	return diag.Place{Doc: doc, Span: diag.Span{Start: i, End: i + len(piece)}}
}

// document has the pieces as its secrets.
func document(name, text string, secrets ...string) *diag.Document {
	doc := &diag.Document{Name: name, Text: text}
	doc.Secrets = func() (spans []diag.Span) {
		for _, s := range secrets {
			spans = append(spans, at(doc, s).Span)
		}
		return spans
	}
	return doc
}

func problem(place diag.Place, message string) diag.Problem {
	return diag.Problem{Severity: diag.Error, Code: "code", Place: place, Path: "$.a.b", Message: message}
}

// shown are the problems of the golden files, each with what a person should find there.
func shown() []struct {
	claim string
	diag.Problem
} {
	const indented = "{\n  \"mode\": \"0644\",\r\n\t\"path\":\t\"etc/motd\"\n}"
	lines := document("web.ign", indented)
	compact := document("compact.ign", `{"a":[`+strings.Repeat(`{"path":"/some/where"},`, 20)+`{"path":"bad"},`+
		strings.Repeat(`{"path":"/some/where"},`, 20)+`0]}`)
	short := document("short.ign", `{"a":"`+strings.Repeat("x", 60)+`","b":"bad","c":1}`)
	long := document("long.ign", `{"a":"`+strings.Repeat("x", 500)+`","b":1}`)
	wide := document("wide.ign", `{"name":"Zoë €😀","path":"bad"}`)
	secret := document("secret.ign", `{"passwordHash":"$6$hunter2","name":"core","value":"sekrit","x":1}`,
		`"$6$hunter2"`, `"sekrit"`)
	manySecrets := document("keys.ign", `{"keys":[`+strings.Repeat(`"ssh-rsa AAAA",`, 30)+`"bad",1]}`)
	manySecrets.Secrets = func() (spans []diag.Span) {
		for i := range 30 {
			spans = append(spans, diag.Span{Start: 9 + 15*i, End: 23 + 15*i})
		}
		return spans
	}
	broken := &diag.Document{Name: "broken.ign",
		Text: "{\n \"passwordHash\": \"$6$hunter2\" \"uid\": 1000, 'x': null\n"}
	odd := document("odd.ign", "{\"a\u202eb\x1b[31m\x7f\u200b\": \"bad\"}")
	last := document("end.ign", `{"a": 1`)
	lastLine := document("end-nl.ign", "{\"a\": 1\n")
	with := func(p diag.Problem, change func(*diag.Problem)) diag.Problem {
		change(&p)
		return p
	}
	return []struct {
		claim string
		diag.Problem
	}{
		{"the caret stands below the value, in a line that ends in CR LF",
			problem(at(lines, `"0644"`), "a number is expected here, not a string")},
		{"tabs are one column wide", problem(at(lines, `"etc/motd"`), `the path "etc/motd" is not absolute`)},
		{"a long line is cut on both sides", problem(at(compact, `"bad"`), "in the middle")},
		{"a long line is cut at its end", problem(at(compact, `{"a"`), "at the start")},
		{"a line that just fits is whole", problem(at(short, `"bad"`), "it fits")},
		{"a span longer than the window is cut with it",
			problem(at(long, `"`+strings.Repeat("x", 500)+`"`), "a long value")},
		{"a span over several lines is marked up to the end of the first",
			problem(diag.Place{Doc: lines, Span: diag.Span{Start: 4, End: len(indented)}}, "several lines")},
		{"characters of several bytes are one column", problem(at(wide, `"bad"`), "after wide ones")},
		{"the end of the text",
			problem(diag.Place{Doc: last, Span: diag.Span{Start: 7, End: 7}}, "the document ends inside an object")},
		{"the end of the text after a line break", problem(diag.Place{Doc: lastLine, Span: diag.Span{Start: 8, End: 8}},
			"the document ends inside an object")},
		{"secrets are masked", problem(at(secret, `"core"`), "beside secrets")},
		{"the caret marks a mask as a whole", problem(at(secret, `"sekrit"`), "a secret")},
		{"a place inside a secret does not tell where", problem(at(secret, `krit`), "inside a secret")},
		{"masks count as what is drawn", problem(at(manySecrets, `"bad"`), "after many secrets")},
		{"a text that cannot be read shows keys and plain values only",
			problem(at(broken, `"uid"`), "a comma is missing")},
		{"what turns or colours the terminal is not let through", problem(at(odd, `"bad"`), "odd characters")},
		{"a message stays in one line", problem(at(secret, `"core"`), "two\nlines\rand more")},
		{"several related places, in other documents too",
			with(problem(at(secret, `"core"`), "seen before"), func(p *diag.Problem) {
				p.Hint = "remove one of the two"
				p.Related = []diag.Related{{at(wide, `"Zoë`), "$.name", "it is first defined here"},
					{diag.Place{}, "$.elsewhere", "and here"}, {at(lines, "{"), "$", "the whole document"}}
			})},
		{"a warning without a place",
			diag.Problem{Severity: diag.Warning, Code: "w", Path: "$.x", Message: "somewhere"}},
		{"advice without anything", diag.Problem{Code: "i", Message: "just so"}},
		{"a document without text", problem(diag.Place{Doc: &diag.Document{Name: "empty.ign"}}, "the config is empty")},
	}
}

// The golden file is judged by a person: what is wrong must be found at a glance, and nothing secret may be there.
func TestTextShowsProblemsToPeople(t *testing.T) {
	var b strings.Builder
	for _, c := range shown() {
		fmt.Fprintf(&b, "--- %s\n%s\n", c.claim, diag.Style{}.Text(c.Problem))
	}
	assert.NotContains(t, b.String(), "hunter2")
	assert.NotContains(t, b.String(), "krit\"")
	golden(t, "text.golden", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestCaretsStandBelowWhatTheyMark(t *testing.T) {
	doc := document("x", `{"ä":"`+strings.Repeat("é", 300)+`","path":"bad"}`)
	lines := strings.Split(diag.Style{}.Text(problem(at(doc, `"bad"`), "m")), "\n")
	source, carets := []rune(lines[3]), []rune(lines[4])
	start := strings.IndexRune(string(carets), '^')
	assert.Equal(t, `"bad"`, string(source[start:len(carets)]))
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 115)
	}
}

func TestColourIsAddedAroundTheSameText(t *testing.T) {
	for _, c := range shown() {
		coloured := diag.Style{Color: true}.Text(c.Problem)
		assert.Contains(t, coloured, "\x1b[")
		plain := coloured
		for _, code := range []string{"1;31", "1;33", "1;36", "1", "0"} {
			plain = strings.ReplaceAll(plain, "\x1b["+code+"m", "")
		}
		assert.Equal(t, diag.Style{}.Text(c.Problem), plain, c.claim)
	}
}

// A document of one line with a problem at each of its values: drawing looks at the part of the line that is shown
// only, or this would not end.
func TestOneLongLineWithManyProblemsIsNotReadForEach(t *testing.T) {
	const count = 20000
	doc := &diag.Document{Name: "x", Text: strings.Repeat(`{"key":"sekrit","path":"bad"},`, count)}
	doc.Secrets = func() (spans []diag.Span) {
		for i := range count {
			spans = append(spans, diag.Span{Start: 30*i + 7, End: 30*i + 15})
		}
		return spans
	}
	for i := range count {
		text := diag.Style{}.Text(problem(diag.Place{Doc: doc, Span: diag.Span{Start: 30*i + 23, End: 30*i + 28}}, "m"))
		require.NotContains(t, text, "sekrit")
		require.Contains(t, text, `"path":"bad"`)
	}
}

func TestLineGivesWhatIsKnown(t *testing.T) {
	doc := document("x", "{\n  \"a\": 1}")
	place := at(doc, "1")
	for want, p := range map[string]diag.Problem{
		"error at $.a, line 2 col 8: it is 100% wrong": {Severity: diag.Error, Place: place, Path: "$.a",
			Message: "it is 100% wrong"},
		"warning at line 2 col 8: m": {Severity: diag.Warning, Place: place, Message: "m"},
		"error at $.a: m":            {Severity: diag.Error, Path: "$.a", Message: "m"},
		"advice: one; line":          {Message: "one\nline"},
	} {
		assert.Equal(t, want, diag.Line(p))
	}
}

// docs/peer/spec.md §1.3, and the recorded verdicts that tests/parity replays.
func TestPeerLinePlacesAsThePeerDoes(t *testing.T) {
	text := "{\"a\": 1,\n \"B\": {\"c\": [2]},\n \"D\": \"x\"}"
	doc := document("x", text)
	inside := at(doc, `{"c": [2]}`).Span
	doc.Folded = []diag.Folded{{Span: at(doc, `"x"`).Span, Ancestor: 0}, {Span: inside, Ancestor: 0}} // in any order
	for _, c := range []struct {
		claim       string
		code        codes.Code
		piece, want string
	}{
		{"a scalar at its first byte", "other", "1", "error at $.p, line 1 col 7: m"},
		{"a container one byte behind its bracket", "other", "{\"a", "error at $.p, line 1 col 2: m"},
		{"below a key of the wrong case at the ancestor", "other", "2", "error at $.p, line 1 col 2: m"},
		{"such a value itself too", "other", `"x"`, "error at $.p, line 1 col 2: m"},
		{"the key does not lie below itself", "other", `"B"`, "error at $.p, line 2 col 2: m"},
		{"a syntax error behind the byte, without a path", "json-syntax", ",", "error at line 1 col 9: m"},
		{"a scalar of the wrong kind behind it, without a path", "wrong-type", `"x"`, "error at line 3 col 10: m"},
		{"a container of the wrong kind behind its bracket", "wrong-type", "[2]", "error at line 2 col 14: m"},
	} {
		p := diag.Problem{Severity: diag.Error, Code: c.code, Place: at(doc, c.piece), Path: "$.p", Message: "m"}
		assert.Equal(t, c.want, diag.PeerLine(p), c.claim)
	}
	end := diag.Place{Doc: doc, Span: diag.Span{Start: len(text), End: len(text)}}
	assert.Equal(t, "error: m", diag.PeerLine(diag.Problem{Severity: diag.Error, Code: "json-syntax", Place: end,
		Message: "m"}), "a place at the end is none")
	assert.Equal(t, "error at $.p: m", diag.PeerLine(diag.Problem{Severity: diag.Error, Path: "$.p", Message: "m"}))
}

func TestPeerLineOfManyFoldedKeysIsFound(t *testing.T) {
	const count = 50000
	doc := &diag.Document{Text: strings.Repeat(" ", 2*count)}
	for i := range count {
		doc.Folded = append(doc.Folded, diag.Folded{Span: diag.Span{Start: 2 * i, End: 2*i + 1}, Ancestor: i})
	}
	for i := range count {
		p := diag.Problem{Place: diag.Place{Doc: doc, Span: diag.Span{Start: 2 * i, End: 2*i + 1}}}
		require.Equal(t, fmt.Sprintf("advice at line 1 col %d: ", i+1), diag.PeerLine(p))
	}
}

func TestEachHintHasItsLine(t *testing.T) {
	p := diag.Problem{Severity: diag.Error, Code: "c", Message: "m", Hint: "this\nor that"}
	assert.Contains(t, diag.Style{}.Text(p), "= hint: this\n   = hint: or that\n")
}

func TestWriteJSONSaysEverything(t *testing.T) {
	doc := document("a<b>.ign", "{\n  \"a\": \"ä\"}")
	p := diag.Problem{
		Severity: diag.Warning, Code: "c", Place: at(doc, `"ä"`), Path: "$.a", Message: "m & more", Hint: "h",
		Related: []diag.Related{{Place: at(doc, "{"), Path: "$", Message: "here"}},
	}
	var b bytes.Buffer
	bare := diag.Problem{Severity: diag.Error, Code: "bare", Message: "m"}
	require.NoError(t, diag.WriteJSON(&b, true, []diag.Problem{p, bare}, 0, 0))
	assert.True(t, strings.HasSuffix(b.String(), "}\n"))
	assert.Contains(t, b.String(), `"file": "a<b>.ign"`, "no HTML escapes")
	assert.JSONEq(t, `{"valid": true, "problems": [
		{"severity": "warning", "code": "c", "file": "a<b>.ign", "line": 2, "column": 8, "endLine": 2, "endColumn": 12, "path": "$.a",
		 "message": "m & more", "hint": "h",
		 "related": [{"file": "a<b>.ign", "line": 1, "column": 1, "endLine": 1, "endColumn": 2, "path": "$", "message": "here"}]},
		{"severity": "error", "code": "bare", "file": "", "message": "m"}]}`, b.String())

	b.Reset()
	require.NoError(t, diag.WriteJSON(&b, true, nil, 0, 0))
	assert.JSONEq(t, `{"valid": true, "problems": []}`, b.String(), "no problems are an empty list")
}

func TestASecretDoesNotPrint(t *testing.T) {
	const plain = "hunter2"
	s := diag.Secret(plain)
	held := struct {
		S  diag.Secret
		P  *diag.Secret
		L  []diag.Secret
		M  map[string]diag.Secret
		As any
	}{s, &s, []diag.Secret{s}, map[string]diag.Secret{"k": s}, s}
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%10s"} {
		out = append(out, fmt.Sprintf(verb, s), fmt.Sprintf(verb, held))
	}
	out = append(out, fmt.Sprint(s), fmt.Sprintln(s, &s), s.String(), fmt.Errorf("e: %w", fmt.Errorf("%v", s)).Error())
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).With("with", s).WithGroup("g").Info("m", "s", s, "held", held, slog.Any("list", held.L))
	}
	encoded, err := json.Marshal(held)
	require.NoError(t, err)
	out = append(out, log.String(), string(encoded))
	for _, text := range out {
		assert.NotContains(t, text, plain)
		assert.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", plain))
	}
	assert.Contains(t, out[0], diag.Redacted)
	assert.Contains(t, string(encoded), `"S":"[redacted]"`)
	assert.Contains(t, log.String(), `"s":"[redacted]"`)
	assert.Equal(t, plain, s.Reveal())
}

// plant makes a text around a marker. The marker is lower case letters that nothing else has.
const marker = "qzqzqzq"

// FuzzExcerpt plants a marker inside a span that is secret, at any place of any text, and draws any other place:
//   - no rendering shows the marker, in text, in one line, in the peer's form and in JSON;
//   - what is drawn is one line of at most the window's width, whatever the text.
func FuzzExcerpt(f *testing.F) {
	f.Add(`{"a": "`, `", "b": 1}`, 0, 5)
	f.Add("{\r\n\t\"ä\": \"€", "\xff😀\", \"b\": [1,\n2]}", 12, 40)
	f.Add(strings.Repeat("x", 300), strings.Repeat("\xe2\x82", 300), 305, 306)
	f.Add("", "", 3, 3)
	f.Add("\n\n", "\r\n", 9, 2)
	f.Fuzz(func(t *testing.T, before, after string, start, end int) {
		if strings.Contains(before+after, "q") {
			return
		}
		doc := &diag.Document{Name: "x", Text: before + marker + after}
		// The secret reaches from the last quote before the marker to the first one after it, as a string does.
		secret := diag.Span{Start: max(strings.LastIndexByte(before, '"'), 0),
			End: len(before) + len(marker) + max(strings.IndexByte(after, '"')+1, 0)}
		doc.Secrets = func() []diag.Span { return []diag.Span{secret} }
		size := len(doc.Text) + 1
		place := diag.Place{Doc: doc, Span: diag.Span{Start: (start%size + size) % size, End: (end%size + size) % size}}
		p := diag.Problem{Code: "c", Place: place, Message: "m", Related: []diag.Related{{Place: place, Message: "m"}}}
		text := diag.Style{}.Text(p)
		var encoded bytes.Buffer
		require.NoError(t, diag.WriteJSON(&encoded, false, []diag.Problem{p}, 0, 0))
		for _, out := range []string{text, encoded.String(), diag.Line(p), diag.PeerLine(p)} {
			require.NotContains(t, out, "q")
		}
		require.Equal(t, 10, strings.Count(text, "\n"), text)
		for line := range strings.Lines(text) {
			require.LessOrEqual(t, utf8.RuneCountInString(line), 120, line)
		}
	})
}

// A text that could not be parsed: whatever is quoted, or stands behind a key, is hidden.
func TestSecretsOfTextsThatDoNotParseAreHidden(t *testing.T) {
	for _, line := range []string{
		`"passwordHash": "qzqzqzq"`, `"passwordHash": "qzqzqzq`, `"passwordHash": qzqzqzq`, `"passwordHash": 'qzqzqzq'`,
		`"passwordHash": qzqzqzq"`,
		`"a": "x\"qzqzqzq"`, `"a": "x\\" "qzqzqzq"`, `{"contents": "[Service]Environment=PW=qzqzqzq`,
		`password: qzqzqzq`, `password: qzqzqzq:x`,
		`- qzqzqzq`, `url: http://user:qzqzqzq@host/`, `url: http://qzqzqzq:pw@host/`, `root:$6$qzqzqzq:1:2`,
		`"keys": ["ssh-rsa AAAA", "qzqzqzq"]`,
		`#cloud-config qzqzqzq`, `"mode": 0644, "hash": "qzqzqzq"`, `<password>qzqzqzq</password>`, `"a" = "qzqzqzq"`,
		`"a": "b: qzqzqzq: "`,
	} {
		doc := &diag.Document{Name: "x", Text: line + "\n"}
		for i := range line {
			text := diag.Style{}.Text(problem(diag.Place{Doc: doc, Span: diag.Span{Start: i, End: i + 1}}, "m"))
			require.NotContains(t, text, "q", "%s at %d", line, i)
		}
	}
}

func TestVersionsOfBrokenTextsAreShown(t *testing.T) {
	for text, want := range map[string]string{
		`{"version": "3.4.0", "x": "3.4.0s"}`:        `{"version": "3.4.0", "x": [redacted]}`,
		`version: 1.5.0-experimental`:                `version: 1.5.0-experimental`,
		`variant: fcos`:                              `variant: fcos`,
		`{"variant": "r4e", "version": "hunter2"}`:   `{"variant": "r4e", "version": [redacted]}`,
		`variant: fcos hunter`:                       `variant: fcos [redacted]`,
		`version: 1.2.3.4.5.6.7.8.9.1.2.3.4.5`:       `version: [redacted]`,
		`{"overwrite": True, "b": NULL, "c": Truly}`: `{"overwrite": True, "b": NULL, "c": [redacted]}`,
		`password: fcos`:                             `password: [redacted]`,
	} {
		doc := &diag.Document{Name: "x", Text: text}
		out := diag.Style{}.Text(diag.Problem{Message: "m",
			Place: diag.Place{Doc: doc, Span: diag.Span{Start: 0, End: 1}}})
		assert.Contains(t, out, "| "+want+"\n")
	}
}

// Of a text that could not be parsed, what is known not to be a secret is shown.
func TestWordsBelowKnownKeysAreShown(t *testing.T) {
	known := func(key string) (known, secret bool) {
		return strings.Contains(" path mode name inline ", " "+key+" "), key == "inline"
	}
	for text, want := range map[string]string{
		"  mode 0644":                             "  mode 0644",
		"  - path: /etc/motd":                     "  - path: /etc/motd",
		"- name core":                             "- name core",
		"inline hello":                            "inline [redacted]",
		"- {path: /a, mode: rw, inline: hello}":   "- {path: /a, mode: rw, inline: [redacted]}",
		"name: $6$xyz":                            "name: [redacted]",
		"name: a b":                               "name: a [redacted]",
		"inline: a, name: core":                   "inline: [redacted], [redacted]: [redacted]",
		`{"path": "/a", "inline": "b", "x": "c"}`: `{"path": "/a", "inline": [redacted], "x": [redacted]}`,
		"  name: core\n- inline: |\n":             "  name: core",
		"  name: core\n- inline: x\n":             "  name: core",
	} {
		doc := &diag.Document{Name: "x", Text: text, Keys: known}
		out := diag.Style{}.Text(diag.Problem{Message: "m",
			Place: diag.Place{Doc: doc, Span: diag.Span{Start: 0, End: 1}}})
		assert.Contains(t, out, "| "+want+"\n")
	}
	block := "- inline: |+2\n    a\n\n    name: core\n"
	doc := &diag.Document{Name: "x", Text: block, Keys: known}
	at := strings.Index(block, "name")
	out := diag.Style{}.Text(diag.Problem{Message: "m",
		Place: diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + 1}}})
	assert.Contains(t, out, "|     [redacted]: [redacted]\n", "a block of text may be a file's content")
}

func TestAllLinesOfAProblemHaveOneGutter(t *testing.T) {
	doc := &diag.Document{Name: "x", Text: strings.Repeat("a\n", 12), Secrets: func() []diag.Span { return nil }}
	shown := diag.Style{}.Text(diag.Problem{Severity: diag.Error, Code: "c", Message: "m", Hint: "h",
		Place:   diag.Place{Doc: doc, Span: diag.Span{Start: 2, End: 3}},
		Related: []diag.Related{{Place: diag.Place{Doc: doc, Span: diag.Span{Start: 20, End: 21}}, Message: "n"}}})
	assert.Equal(t, "error[c]: m\n   --> x:2:1\n    |\n  2 | a\n    | ^\n    = hint: h\n    note: n\n"+
		"   --> x:11:1\n    |\n 11 | a\n    | ^\n", shown)
}
