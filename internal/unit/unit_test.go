package unit_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	peer "github.com/coreos/go-systemd/v22/unit"
	"github.com/glowplug-os/glowplug/internal/unit"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func x(n int) string { return strings.Repeat("x", n) }

var parses = []struct {
	claim, text string
	want        []unit.Option
}{
	{"an empty text has no options", "", nil},
	{"text before the first section is passed over", "junk\nA=b\n", nil},
	{"a section opens anywhere in a line", "junk[A]\nB=c", []unit.Option{{"A", "B", "c"}}},
	{"a backslash does not escape a section", `\[A]` + "\nB=c", []unit.Option{{"A", "B", "c"}}},
	{"a comment before the first section hides one", "x # [A\n[B]\nC=d", []unit.Option{{"B", "C", "d"}}},
	{"the name of a section may span lines", "[A\n]\nB=c", []unit.Option{{"A\n", "B", "c"}}},
	{"space may follow a section", "[A] \t\r\nB=c", []unit.Option{{"A", "B", "c"}}},
	{"a section may be empty", "[A]\n[B]", nil},
	{"space around names and values goes", "[A]\n  B = c d \n", []unit.Option{{"A", "B", "c d"}}},
	{"a name may be empty", "[A]\n=b", []unit.Option{{"A", "", "b"}}},
	{"a value may be empty", "[A]\nB=\nC=", []unit.Option{{"A", "B", ""}, {"A", "C", ""}}},
	{"a value keeps further signs", "[A]\nB=c=d # e", []unit.Option{{"A", "B", "c=d # e"}}},
	{"comments are no options", "[A]\n# x\n; y\nB=c", []unit.Option{{"A", "B", "c"}}},
	{"a backslash continues a value", "[A]\nB=c\\\n d\nE=f", []unit.Option{{"A", "B", "c\\\n d"}, {"A", "E", "f"}}},
	{"a blank line ends a continued value", "[A]\nB=c\\\n \nE=f", []unit.Option{{"A", "B", "c\\\n"}, {"A", "E", "f"}}},
	{"a backslash at the end of the text continues nothing", "[A]\nB=c\\", []unit.Option{{"A", "B", "c\\"}}},
	{"a continued line may look like a section", "[A]\nB=c\\\n[D]\n", []unit.Option{{"A", "B", "c\\\n[D]"}}},
	{"a comment that ends in a backslash swallows the next line", "[A]\n# x\\\nB=c\nD=e",
		[]unit.Option{{"A", "D", "e"}}},
	{"so does one with a space after it", "# x\\ \n[A]\n[B]\nC=d", []unit.Option{{"B", "C", "d"}}},
	{"but not one with two", "# x\\  \n[A]\nB=c", []unit.Option{{"A", "B", "c"}}},
	{"a carriage return after a backslash stops it", "[A]\r\nB=c\\\r\nD=e\r\n",
		[]unit.Option{{"A", "B", "c\\"}, {"A", "D", "e"}}},
	{"a carriage return ends no value", "[A]\nB=c\rD=e\r", []unit.Option{{"A", "B", "c\rD=e"}}},
	{"bytes that are not UTF-8 are replaced in names only", "[A]\nB\xff\xfe=\xff",
		[]unit.Option{{"A", "B\ufffd\ufffd", "\xff"}}},
	{"spaces outside ASCII are space", "[A]\u2003\n\u00a0B\u00a0=\u00a0c\u00a0", []unit.Option{{"A", "B", "c"}}},
}

func TestParse(t *testing.T) {
	for _, c := range parses {
		got, fault := unit.Parse(c.text)
		require.Nil(t, fault, c.claim)
		assert.Empty(t, cmp.Diff(c.want, got), c.claim)
		assert.Nil(t, unit.Check(c.text), c.claim)
	}
}

var faults = []struct {
	claim, text, code, message string
	at                         int
}{
	{"a section that never closes", "\n[Unit\nA=b", "unit-section-open",
		"line 2 of the unit: a section without a closing ]", 1},
	{"text after a section", "[Unit] x\nA=b", "unit-section-tail", "line 1 of the unit: text after the ]", 7},
	{"a comment after a section", "[Unit]\n[A]  # c\n", "unit-section-tail", "line 2 of the unit: text after the ]",
		12},
	{"a line without a sign", "[Unit]\nA=b\n foo\nB=c", "unit-no-equals", "line 3 of the unit: a line without =", 12},
	{"a carriage return in a name", "[Unit]\nfoo\r=b", "unit-no-equals", "line 2 of the unit: a line without =", 7},
	{"a comment within a value", "[Unit]\nA=b \\\n # n\n c\nB=c", "unit-no-equals", "which systemd takes", 19},
	{"a comment within a value, and the end", "[Unit]\nA=b \\\n # n\n c", "unit-no-equals", "Ignition refuses", 19},
	{"a value with a comment further up", "[Unit]\nA=b \\\n # n\nC=d\n c\nB=c", "unit-no-equals",
		"line 5 of the unit: a line without =", 23},
	{"a last line without a sign", "[Unit]\nfoo", "unit-no-equals", "line 2 of the unit: the text ends", 7},
	{"a stray bracket", "[Unit]\n]\n", "unit-no-equals", "line 2 of the unit: a line without =", 7},
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range faults {
		fault := unit.Check(c.text)
		require.NotNil(t, fault, c.claim)
		assert.Equal(t, c.code, string(fault.Code), c.claim)
		assert.Contains(t, fault.Message, c.message, c.claim)
		assert.NotEmpty(t, fault.Hint, c.claim)
		assert.Equal(t, c.at, fault.At, c.claim)
		_, same := unit.Parse(c.text)
		assert.Equal(t, fault, same, c.claim)
		assert.False(t, unit.HasInstall(c.text+"\n[Install]\nA=b"), c.claim)
	}
}

func TestHasInstall(t *testing.T) {
	for text, want := range map[string]bool{
		"[Install]\nWantedBy=x": true, "[Unit]\nA=b\n[Install]\nC=\n[X]\n": true,
		"": false, "[Install]\n": false, "[Install]\n# WantedBy=x": false, "[install]\nWantedBy=x": false,
		"[ Install]\nWantedBy=x": false,
		"[Install]\n[Unit]\nA=b": false, "[Install]\nWantedBy=x\nbroken": false,
	} {
		assert.Equal(t, want, unit.HasInstall(text), "%q", text)
	}
}

var lengths = []struct {
	claim, text string
	offset      int
	long        bool
}{
	{"a last line of 2047 bytes passes", "[A]\nB=" + x(2045), 0, false},
	{"a last line of 2048 bytes is too long", "[A]\nB=" + x(2046), 4, true},
	{"a line of 2048 bytes before another is too long", "[A]\nB=" + x(2046) + "\nC=d", 4, true},
	{"a line of 2047 bytes passes", "[A]\nB=" + x(2045) + "\nC=d", 0, false},
	{"a value of 2048 bytes is found at its name", "[A]\nB=c\nD=" + x(2048) + "\n", 8, true},
	{"a comment of 3 kB is too long", "[A]\n#" + x(3000) + "\n", 4, true},
	{"junk of 3 kB is too long", x(3000), 1, true}, // the buffer is empty at the very first step
	{"a carriage return breaks a line", "[A]\nB=" + x(2000) + "\r" + x(2000), 0, false},
	{"a continued line counts by itself", "[A]\nB=" + x(2000) + "\\\n" + x(2000), 0, false},
	{"a long line passes where the buffer ends", "[A]\n" + strings.Repeat("B=cccc\n", 300) + "D=" + x(10000) + "\n", 0,
		false},
	{"a fault before the long line hides it", "[A] b\nC=" + x(4000), 0, false},
}

func TestLineTooLong(t *testing.T) {
	for _, c := range lengths {
		offset, long := unit.LineTooLong(c.text)
		assert.Equal(t, c.long, long, c.claim)
		if c.long {
			assert.Equal(t, c.offset, offset, c.claim)
			assert.Nil(t, unit.Check(c.text), c.claim)
		}
		agree(t, c.text)
	}
}

// agree holds a text's options, and each of its two kinds of fault, equal to the peer's.
func agree(t *testing.T, text string) {
	t.Helper()
	options, err := peer.DeserializeOptions(strings.NewReader(text))
	fault := unit.Check(text)
	_, long := unit.LineTooLong(text)
	require.Equal(t, errors.Is(err, peer.ErrLineTooLong), long, "%q: %v", text, err)
	require.Equal(t, err != nil, fault != nil || long, "%q: %v", text, err)
	if err != nil {
		return
	}
	got, fault := unit.Parse(text)
	require.Nil(t, fault)
	want, install := []unit.Option{}, false
	for _, o := range options {
		want = append(want, unit.Option(*o))
		install = install || o.Section == "Install"
	}
	require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()), "%q", text)
	require.Equal(t, install, unit.HasInstall(text), "%q", text)
}

// FuzzUnit: options and verdict are the peer's, and a fault stands inside the text.
func FuzzUnit(f *testing.F) {
	for _, c := range parses {
		f.Add(c.text, uint16(0))
	}
	for _, c := range faults {
		f.Add(c.text, uint16(2040))
	}
	for _, c := range lengths {
		f.Add(c.text, uint16(0))
	}
	f.Add("[A]\nB=é\\\n~\nC=~\n#~", uint16(2048))
	// Each ~ becomes a run of n bytes, so that the fuzzer finds the edges of the peer's buffer.
	f.Fuzz(func(t *testing.T, text string, n uint16) {
		if strings.Count(text, "~") > 8 {
			return
		}
		text = strings.ReplaceAll(text, "~", x(int(n%5000)))
		agree(t, text)
		if fault := unit.Check(text); fault != nil {
			require.True(t, fault.At >= 0 && fault.At <= len(text))
		}
	})
}

// The edges of the buffer lie where chance rarely leads, so whole texts are drawn from pieces of telling lengths.
func TestLineTooLongAgreesOnRandomTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"[A]", "\n", "\n", "\n", "\r\n", "B=", "#", ";", "\\\n", "\\ \n", " ", "é", "\xe2\x82",
		"[", "]", "=", x(60), x(700), x(1030), x(2043), x(2047), x(2048), x(4089), x(4096), strings.Repeat(" ", 2040),
		strings.Repeat("C=d\n", 500)}
	for range 5000 {
		text := []string{"", "[A]\n", "[A]\nB="}[random.IntN(3)]
		for range random.IntN(12) {
			text += pieces[random.IntN(len(pieces))]
		}
		agree(t, text)
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	text := strings.Repeat("[Service]\nExecStart=/bin/true \\\n  more\n# comment\n\n", 100)
	assert.Zero(t, testing.AllocsPerRun(10, func() { unit.Check(text); unit.HasInstall(text); unit.LineTooLong(text) }))
}

func BenchmarkCheck(b *testing.B) {
	text := strings.Repeat("[Service]\nExecStart=/bin/true \\\n  more\n# comment\n\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unit.Check(text)
	}
}

func BenchmarkLineTooLong(b *testing.B) {
	text := strings.Repeat(strings.Repeat(" ", 2000)+"\n", 500)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unit.LineTooLong(text)
	}
}
