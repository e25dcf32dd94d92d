package unit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/unit"
)

// wish reads "+name" and "-name", with "/instance" for the default instance.
func wish(words string) (all unit.Wishes) {
	for word := range strings.FieldsSeq(words) {
		name, instance, _ := strings.Cut(word[1:], "/")
		all = append(all, unit.Wish{Name: name, Enabled: word[0] == '+', Default: instance})
	}
	return all
}

func TestRulesForWishes(t *testing.T) {
	for claim, c := range map[string]struct{ wishes, lines string }{
		"the example of docs/peer/engine.md Appendix A": {"+b.service +a@x.service -c.service +a@y.service",
			"enable a@.service x y|enable b.service|disable c.service"},
		"every disabled unit has a line": {"-c.service", "disable c.service"},
		"instances are disabled one by one": {"-a@y.service -a@x.service +a@z.service",
			"enable a@.service z|disable a@x.service|disable a@y.service"},
		"a template is an instance without a name": {"+a@.service", "enable a@.service "},
		"so is one with a default instance":        {"+a@.service/one", "enable a@.service "},
		"beside an instance the default instance is named": {"+a@.service/one +a@x.service/one",
			"enable a@.service one x"},
		"and goes where none is known": {"+a@.service +a@x.service", "enable a@.service x"},
		"and is there once":            {"+a@one.service/one +a@.service/one", "enable a@.service one"},
		"a default instance is disabled with its template": {"-a@one.service/one",
			"disable a@.service|disable a@one.service"},
		"which a list of others does already": {"-a@one.service/one +a@x.service/one",
			"enable a@.service x|disable a@one.service"},
		"a disabled instance counts more than its template": {"+a@.service/one -a@one.service/one",
			"disable a@.service|disable a@one.service"},
		"and is not in the list": {"+a@.service/one -a@one.service/one +a@x.service/one",
			"enable a@.service x|disable a@one.service"},
		"a disabled template comes after its enabled instances": {"-a@.service +a@x.service",
			"enable a@.service x|disable a@.service"},
		"a disabled template is a line like any other": {"-a@.service/one", "disable a@.service"},
		"a disabled template and its default instance, one each": {"-a@.service/one -a@one.service/one",
			"disable a@.service|disable a@one.service"},
	} {
		var lines []string
		for _, r := range wish(c.wishes).Rules() {
			lines = append(lines, r.String())
		}
		assert.Equal(t, c.lines, strings.Join(lines, "|"), claim)
	}
}

func TestWishesHoldInAPresetFile(t *testing.T) {
	for claim, c := range map[string]struct{ text, wishes, want string }{
		"a new file": {"", "+a.service -b.service", "enable a.service|disable b.service"},
		"lines are added at the end": {"# image|enable z.service|", "+a.service -b.service",
			"# image|enable z.service|enable a.service|disable b.service"},
		"a last line without its end gets one": {"enable z.service", "+a.service", "enable z.service|enable a.service"},
		"what is there stays":                  {"enable a.service|# x", "+a.service", "enable a.service|# x"},
		"also with other spaces": {"  enable\t a.service |enable a@.service", "+a.service +a@.service",
			"  enable\t a.service |enable a@.service"},
		"an older contrary line is replaced": {"enable a.service|enable b.service", "-a.service",
			"disable a.service|enable b.service"},
		"either way": {"disable a.service", "+a.service", "enable a.service"},
		"a later one is never reached": {"disable a.service|enable a.service", "-a.service",
			"disable a.service|enable a.service"},
		"a pattern that says otherwise comes after": {"# all|disable *", "+a.service -b.service",
			"# all|enable a.service|disable *|disable b.service"},
		"also in the second run": {"# all|enable a.service|disable *|disable b.service", "+a.service -b.service",
			"# all|enable a.service|disable *|disable b.service"},
		"a bracket is no backslash": {`disable dev-[!a]\x2d*.swap`, `+dev-b\x2dc.swap +dev-a\x2dc.swap`,
			`enable dev-b\x2dc.swap|disable dev-[!a]\x2d*.swap|enable dev-a\x2dc.swap`},
		"ignore is neither": {"ignore *", "+a.service -b.service", "enable a.service|disable b.service|ignore *"},
		"instances are added to those of an older line": {"enable a@.service x", "+a@y.service",
			"enable a@.service x y"},
		"an older line for the default instance goes": {"enable a@.service ", "+a@.service/one +a@y.service/one",
			"enable a@.service one y"},
		"a default instance is added by name": {"enable a@.service x", "+a@.service/one", "enable a@.service x one"},
		"or not at all":                       {"enable a@.service x", "+a@.service", "enable a@.service x"},
		"instances are taken out": {"enable a@.service x y", "-a@x.service",
			"enable a@.service y|disable a@x.service"},
		"the last one with its line": {"enable a@.service x", "-a@x.service", "disable a@x.service"},
		"a template is not disabled for its default only": {"enable a@.service x", "-a@one.service/one",
			"enable a@.service x|disable a@one.service"},
		"an instance is enabled that a line disables": {"disable a@x.service|disable b.service", "+a@x.service",
			"disable b.service|enable a@.service x"},
		"a pattern says nothing of single instances": {"enable *", "+a@x.service", "enable a@.service x|enable *"},
		"a disabled template stays behind its list": {"enable a@.service x|disable a@.service",
			"-a@.service +a@x.service", "enable a@.service x|disable a@.service"},
	} {
		text := strings.ReplaceAll(c.text, "|", "\n")
		got := wish(c.wishes).Write(text)
		assert.Equal(t, c.want, strings.TrimSuffix(strings.ReplaceAll(got, "\n", "|"), "|"), claim)
		assert.Equal(t, got, wish(c.wishes).Write(got), "%s: written again", claim)
		for _, w := range wish(c.wishes) {
			for line := range strings.Lines(got) {
				if r, ok := unit.ParseRule(line); ok {
					if matches, grants := r.Decides(w); matches {
						assert.True(t, grants || w.Enabled && w.Name == "a@.service", "%s: %s by %s", claim, w.Name,
							line)
						break
					}
				}
			}
		}
	}
}

func TestAPresetFileThatSaysAllIsLeftAsItIs(t *testing.T) {
	assert.Equal(t, "# x\nenable a.service", wish("+a.service").Write("# x\nenable a.service"))
	assert.Equal(t, "enable a.service", wish("+a.service").Append("enable a.service"))
}

func TestALineThatSystemdDoesNotTakeIsWrittenOnce(t *testing.T) {
	for _, name := range []string{"", "a b.service", "a\tb.service", " a.service", "a@.service b.service"} {
		for _, text := range []string{"", "# x\n", "disable *\n"} {
			all := unit.Wishes{{Name: name, Enabled: true}}
			once := all.Write(text)
			assert.NotEqual(t, text, once, "%q", name)
			assert.Equal(t, once, all.Write(once), "%q", name)
		}
	}
}

func TestAppendChangesNothingThatIsThere(t *testing.T) {
	assert.Equal(t, "enable b.service\ndisable b.service\nenable c.service\n",
		wish("-b.service +c.service").Append("enable b.service"))
	assert.Equal(t, "disable b.service\n", wish("-b.service").Append("disable b.service\n"))
}

func TestRulesAsSystemdReadsThem(t *testing.T) {
	for line, want := range map[string]bool{
		"enable a.service": true, " disable  *": true, "ignore a.*": true, "enable a@.service x y": true,
		"": false, "# enable a.service": false, "; enable a": false, "enable": false, "Enable a.service": false,
		"enable a.service x": false, "disable a@.service x": false, "enable a@b.service x": false,
	} {
		_, ok := unit.ParseRule(line)
		assert.Equal(t, want, ok, line)
	}
}

// FuzzPresets: writing is done once, whatever is there, and every line of ours is somewhere in it or replaces what was.
func FuzzPresets(f *testing.F) {
	f.Add("# x\nenable a@.service x y\ndisable *", "+a@x.service -b.service")
	f.Add("enable [", "+a@.service/one -a@one.service/one")
	f.Fuzz(func(t *testing.T, text, words string) {
		for word := range strings.FieldsSeq(words) {
			if len(word) < 2 {
				return
			}
		}
		all := wish(words)
		seen := map[string]bool{}
		for _, w := range all {
			if seen[w.Name] || strings.ContainsAny(w.Name, "*?[") {
				return
			}
			seen[w.Name] = true
		}
		once := all.Write(text)
		if twice := all.Write(once); twice != once {
			t.Fatalf("%q\n%q\n%q", text, once, twice)
		}
	})
}
