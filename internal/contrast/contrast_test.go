package contrast_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/tests/configs"
)

func parsed(t *testing.T, name, version, text string) *document.Document {
	t.Helper()
	switch settings, is := strings.CutPrefix(text, `"ignition": {`); {
	case is:
		text = ", " + settings
	case text != "":
		text = "}, " + text
	default:
		text = "}"
	}
	doc, problems := configs.Parse(name, fmt.Appendf(nil, `{"ignition": {"version": %q%s}`, version, text))
	require.False(t, diag.Fatal(problems), "%v", problems)
	return doc
}

func compared(t *testing.T, a, b string) contrast.Contrast {
	t.Helper()
	return contrast.Compare(parsed(t, "a", "3.6.0", a), parsed(t, "b", "3.6.0", b))
}

func written(t *testing.T, c contrast.Contrast, style diag.Style) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, c.WriteText(&out, style))
	return out.String()
}

var places = regexp.MustCompile(`([ab]):1:[0-9]+`)

// told is the text, with of places the documents alone.
func told(t *testing.T, a, b string) string {
	t.Helper()
	return places.ReplaceAllString(written(t, compared(t, a, b), diag.Style{}), "$1")
}

func file(rest string) string    { return `"storage": {"files": [{"path": "/a"` + rest + `}]}` }
func content(url string) string  { return file(`, "contents": {"source": "` + url + `"}`) }
func storage(rest string) string { return `"storage": {` + rest + `}` }
func array(rest string) string {
	return storage(`"raid": [{"name": "x", "devices": ["/dev/a", "/dev/b"], ` + rest + `}]`)
}
func users(all ...string) string { return `"passwd": {"users": [` + strings.Join(all, ", ") + `]}` }

// only has nothing but one field, or where it would stand.
func only(path, value string) string {
	key, below, nested := strings.Cut(path, ".")
	switch {
	case key == "*":
		return "[{" + only(below, value) + "}]"
	case !nested && value == "":
		return ""
	case !nested:
		return fmt.Sprintf("%q: %s", key, value)
	case strings.HasPrefix(below, "*"):
		return fmt.Sprintf("%q: %s", key, only(below, value))
	}
	return fmt.Sprintf("%q: {%s}", key, only(below, value))
}

func filesystem(rest string) string {
	return storage(`"filesystems": [{"device": "/dev/a", ` + rest + `}]`)
}

// bundle has two headers.
func bundle(first, second string) string {
	header := func(name string) string { return `{"name": "` + name + `", "value": "x"}` }
	return `"ignition": {"security": {"tls": {"certificateAuthorities": [{"source": "https://h/a", "httpHeaders": [` +
		header(first) + `, ` + header(second) + `]}]}}}`
}

func partitions(all ...string) string {
	return storage(`"disks": [{"device": "/dev/a", "partitions": [` + strings.Join(all, ", ") + `]}]`)
}

func packed(t *testing.T, text string, level int) string {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return file(`, "contents": {"compression": "gzip", "source": "data:;base64,` +
		base64.StdEncoding.EncodeToString(b.Bytes()) + `"}`)
}

func TestWhatMeansTheSameIsNoDifference(t *testing.T) {
	zeros := strings.Repeat("0", 63)
	remote := func(rest string) string {
		return file(`, "contents": {"source": "https://h/a"` + rest + `}`)
	}
	guid := func(guid string) string { return partitions(`{"number": 1, "guid": "` + guid + `"}`) }
	for claim, c := range map[string][2]string{
		"the same":                      {file(""), file("")},
		"lists and objects of no items": {"", `"passwd": {"users": []}, "storage": {"files": [], "links": []}`},
		"entries in another order": {
			storage(`"files": [{"path": "/a"}, {"path": "/b"}]`), storage(`"files": [{"path": "/b"}, {"path": "/a"}]`)},
		"a path in other words": {file(""), strings.Replace(file(""), "/a", "/b/../a/", 1)},
		"a data URL in base64":  {content("data:,hello"), content("data:text/plain;base64,aGVsbG8=")},
		"escapes":               {content("data:,hello"), content("data:,%68ello")},
		"gzip":                  {content("data:,hello"), packed(t, "hello", gzip.BestCompression)},
		"gzip of another level": {packed(t, "hello", gzip.NoCompression),
			packed(t, "hello", gzip.BestCompression)},
		"nothing, as an empty source": {content("data:,"), content("")},
		"a digest of what is at hand": {content("data:,"), file(`, "contents": {"source": "data:,", "verification": ` +
			`{"hash": "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}`)},
		"no compression": {remote(""), remote(`, "compression": ""`)},
		"a digest in capitals": {remote(`, "verification": {"hash": "sha256-a` + zeros + `"}`),
			remote(`, "verification": {"hash": "sha256-A` + zeros + `"}`)},
		"a GUID in capitals": {guid("0aaaaaaa-0000-4000-8000-00000000000a"),
			guid("0AAAAAAA-0000-4000-8000-00000000000A")},
		"another name of a RAID level": {array(`"level": "raid1"`), array(`"level": "mirror"`)},
		"groups in another order": {users(`{"name": "u", "groups": ["a", "b"]}`),
			users(`{"name": "u", "groups": ["b", "a"]}`)},
		"users that have ids in another order": {users(`{"name": "u", "uid": 1}`, `{"name": "v", "uid": 2}`),
			users(`{"name": "v", "uid": 2}`, `{"name": "u", "uid": 1}`)},
		"partitions that have places in another order": {
			partitions(`{"number": 1, "startMiB": 1, "sizeMiB": 1}`, `{"number": 2, "startMiB": 2, "sizeMiB": 1}`),
			partitions(`{"number": 2, "startMiB": 2, "sizeMiB": 1}`, `{"number": 1, "startMiB": 1, "sizeMiB": 1}`)},
		"a path of an array's device in other words": {
			storage(`"raid": [{"name": "x", "level": "raid1", "devices": ["/dev/a", "/dev/b"]}]`),
			storage(`"raid": [{"name": "x", "level": "raid1", "devices": ["/dev//a", "/dev/./b"]}]`)},
		"a mount point with a slash at its end": {filesystem(`"format": "ext4", "path": "/var"`),
			filesystem(`"format": "ext4", "path": "/var/"`)},
		"the UUID of a vfat in other letters and without its dash": {
			filesystem(`"format": "vfat", "uuid": "12AB-34CD"`), filesystem(`"format": "vfat", "uuid": "12ab34cd"`)},
		"a file's mode that is the default": {content("data:,a"),
			file(`, "contents": {"source": "data:,a"}, "mode": 420`)},
		"the mode of a directory that is made anew, where it is the default": {
			storage(`"directories": [{"path": "/d", "overwrite": true}]`),
			storage(`"directories": [{"path": "/d", "overwrite": true, "mode": 493}]`)},
		"headers of a certificate bundle in another order": {bundle("a", "b"), bundle("b", "a")},
		"a partition number that is 0": {partitions(`{"label": "x"}`),
			partitions(`{"label": "x", "number": 0}`)},
	} {
		t.Run(claim, func(t *testing.T) {
			assert.Equal(t, "no difference\n", told(t, c[0], c[1]))
			assert.Equal(t, "no difference\n", told(t, c[1], c[0]))
		})
	}
}

func TestOfWhatIsAppendedToAFileOfAModeThatIsNotKnownNoLinesAreShown(t *testing.T) {
	a, b := file(`, "append": [{"source": "data:,first"}]`), file(`, "append": [{"source": "data:,second"}]`)
	assert.Equal(t, "~ file /a (b, was a)\n    ~ append.0: differs, and is not shown\n", told(t, a, b))
}

func TestAValueThatMeansTheSameAsNoneIsNone(t *testing.T) {
	fields := 0
	for _, f := range config.Samenesses() {
		if f.Default == "" && !f.Blank {
			continue
		}
		path := f.Path
		if end, some := strings.CutPrefix(f.Path, "*."); some {
			path = map[string]string{"overwrite": "storage.links.*.", "system": "passwd.users.*."}[end] + end
		}
		other := map[string]string{"false": "true", "true": "false", "": `"x"`}[f.Default]
		without := parsed(t, "a", "3.6.0", only(path, ""))
		with := parsed(t, "b", "3.6.0", only(path, cmp.Or(f.Default, `""`)))
		assert.Empty(t, contrast.Compare(without, with).Entries, path)
		assert.Empty(t, contrast.Compare(with, without).Entries, path)
		with = parsed(t, "b", "3.6.0", only(path, cmp.Or(other, "7")))
		assert.Len(t, contrast.Compare(without, with).Entries, 1, path)
		fields++
	}
	assert.Greater(t, fields, 30)
}

func TestVersionsCountForWhatTheyMean(t *testing.T) {
	text := file(`, "mode": 2541`) // 04755
	told := func(a, b, rest string) string {
		return written(t, contrast.Compare(parsed(t, "a", a, text), parsed(t, "b", b, rest)), diag.Style{})
	}
	assert.Equal(t, "no difference\n", told("3.6.0", "3.6.0", text))
	assert.Equal(t, "no difference\n", told("3.0.0", "3.5.0", text))
	assert.Contains(t, told("3.5.0", "3.6.0", text), "    ~ mode: 04755, was 0755\n")
	assert.Equal(t, "no difference\n", told("3.5.0", "3.6.0", file(`, "mode": 493`)))
}

func TestDifferencesAreToldByEntriesAndFields(t *testing.T) {
	lines := func(all ...string) string { return strings.Join(all, "\n") + "\n" }
	appended := func(all string) string { return file(`, "mode": 420, "append": [` + all + `]`) }
	for claim, c := range map[string]struct{ a, b, want string }{
		"a field": {file(`, "mode": 420`), file(`, "mode": 384`),
			lines("~ file /a (b, was a)", "    ~ mode: 0600, was 0644")},
		"a field that is given": {file(""), file(`, "overwrite": true`),
			lines("~ file /a (b, was a)", "    + overwrite: true")},
		"a field that is given the default, and had another value": {file(`, "overwrite": true`),
			file(`, "overwrite": false`), lines("~ file /a (b, was a)", "    ~ overwrite: false, was true")},
		"a password that is empty": {users(`{"name": "u"}`), users(`{"name": "u", "passwordHash": ""}`),
			lines("~ user u (b, was a)", `    + passwordHash: ""`)},
		"what leaves presets and masks as they are": {`"systemd": {"units": [{"name": "a.service"}]}`,
			`"systemd": {"units": [{"name": "a.service", "enabled": false, "mask": false}]}`,
			lines("~ unit a.service (b, was a)", "    + enabled: false", "    + mask: false")},
		"the default mode of what may be there": {storage(`"directories": [{"path": "/d"}], "files": [{"path": "/a"}]`),
			storage(`"directories": [{"path": "/d", "mode": 493}], "files": [{"path": "/a", "mode": 420}]`),
			lines("~ directory /d (b, was a)", "    + mode: 0755", "~ file /a (b, was a)", "    + mode: 0644")},
		"the size of a partition that may be there": {partitions(`{"number": 1}`),
			partitions(`{"number": 1, "sizeMiB": 0}`),
			lines("~ disk /dev/a, partition 1 (b, was a)", "    + sizeMiB: 0")},
		"a content from elsewhere": {file(`, "contents": {"source": "https://h/a", "compression": ""}`),
			content("https://h/b"), lines("~ file /a (b, was a)",
				"    ~ contents.source: https://h/b, was https://h/a")},
		"an entry that comes": {"", storage(`"links": [{"path": "/l", "target": "x"}]`),
			lines("+ link /l (b)", "    + target: x")},
		"an entry that goes": {storage(`"links": [{"path": "/l", "target": "x"}]`), "",
			lines("- link /l (a)", "    - target: x")},
		"an entry of another kind": {file(""), storage(`"directories": [{"path": "/a"}]`),
			lines("+ directory /a (b)", "- file /a (a)")},
		"an entry in an entry": {partitions(`{"number": 1, "sizeMiB": 5}`), partitions(`{"number": 1, "sizeMiB": 6}`,
			`{"label": "new"}`), lines("~ disk /dev/a, partition 1 (b, was a)", "    ~ sizeMiB: 6, was 5",
			`+ disk /dev/a, partition "new" (b)`, "    + label: new")},
		"partitions that get other numbers": {partitions(`{"label": "x"}`, `{"label": "y"}`),
			partitions(`{"label": "y"}`, `{"label": "x"}`),
			lines("~ disk /dev/a (b, was a)", "    ~ partitions: in another order")},
		"users that get other ids": {users(`{"name": "u"}`, `{"name": "v", "uid": 2}`),
			users(`{"name": "v", "uid": 2}`, `{"name": "u"}`),
			lines("~ settings (b, was a)", "    ~ passwd.users: in another order")},
		"items of a list": {users(`{"name": "u", "groups": ["a", "b"]}`), users(`{"name": "u", "groups": ["b", "c"]}`),
			lines("~ user u (b, was a)", "    - groups: a", "    + groups: c")},
		"options in another order, one of them twice": {array(`"options": ["a", "b", "a"]`),
			array(`"options": ["b", "a", "a"]`), lines("~ array x (b, was a)", "    ~ options: in another order")},
		"a setting": {`"systemd": {}`, `"kernelArguments": {"shouldExist": ["quiet", "a=b"]}`,
			lines("+ kernel argument quiet (b)", "+ kernel argument a=[redacted] (b)")},
		"kernel arguments in another order": {`"kernelArguments": {"shouldExist": ["a", "b"]}`,
			`"kernelArguments": {"shouldExist": ["b", "a"]}`,
			lines("~ settings (b, was a)", "    ~ kernelArguments.shouldExist: in another order")},
		"lines of a content": {content("data:,a%0Ab%0A"), content("data:;base64,YQpjCg=="),
			lines("~ file /a (b, was a)", "    ~ contents: 4 bytes, was 4 bytes", "         a", "        -b",
				"        +c")},
		"what is no text": {content("data:,a"), content("data:,%00"), lines("~ file /a (b, was a)", "    ~ contents: "+
			"1 byte, sha256 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d, was "+
			"1 byte, sha256 ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")},
		"a content that is fetched": {content("https://h/a"), content("https://h/b"),
			lines("~ file /a (b, was a)", "    ~ contents.source: https://h/b, was https://h/a")},
		"a content that is fetched no more": {content("https://h/a"), content("data:,%00"),
			lines("~ file /a (b, was a)", "    ~ contents: 1 byte, sha256 "+
				"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d, was https://h/a")},
		"a content that comes": {file(""), file(`, "contents": {"source": "data:,x"}`),
			lines("~ file /a (b, was a)", "    + contents: [redacted]")},
		"what is appended": {appended(`{"source": "data:,a"}, {"source": "data:,b"}`),
			appended(`{"source": "data:,b"}, {"source": "data:,c"}`),
			lines("~ file /a (b, was a)", "    ~ append.1: 1 byte, was 1 byte", "        -a (no line end)",
				"        +c (no line end)")},
		"what is appended, in another order": {appended(`{"source": "data:,a"}, {"source": "https://h/b"}`),
			appended(`{"source": "https://h/b"}, {"source": "data:,a"}`),
			lines("~ file /a (b, was a)", "    ~ append: in another order")},
	} {
		t.Run(claim, func(t *testing.T) { assert.Equal(t, c.want, told(t, c.a, c.b)) })
	}
}

// Whoever reads a difference need not be one who may read the file.
func TestLinesAreShownOfWhatEverybodyMayRead(t *testing.T) {
	const was, now = `"contents": {"source": "data:,first"}`, `"contents": {"source": "data:,second"}`
	both := func(rest string) [2]string {
		return [2]string{`"storage": {"files": [{` + was + rest, `"storage": {"files": [{` + now + rest}
	}
	for claim, c := range map[string]struct {
		texts [2]string
		shown bool
	}{
		"without a mode":            {both(`, "path": "/a"}]}`), true},
		"with one":                  {both(`, "path": "/a", "mode": 292}]}`), true},
		"of one's own":              {both(`, "path": "/a", "mode": 384}]}`), false},
		"of a group":                {both(`, "path": "/a", "mode": 416}]}`), false},
		"without a mode, made anew": {both(`, "path": "/a", "overwrite": true}]}`), true},
		"below a link":              {both(`, "path": "/l/a"}], "links": [{"path": "/l", "target": "/root"}]}`), false},
		"below a directory that is closed": {both(`, "path": "/d/e/a"}], ` +
			`"directories": [{"path": "/d/", "mode": 488}]}`),
			false},
		"below one that is open": {both(`, "path": "/d/e/a"}], ` +
			`"directories": [{"path": "/d", "mode": 493}]}`), true},
		"beside one that is closed": {both(`, "path": "/da"}], "directories": [{"path": "/d", "mode": 488}]}`), true},
		"in the home of root":       {both(`, "path": "/root/a"}]}`), false},
		"in that of a user": {both(`, "path": "/srv/u/a"}]}, ` +
			`"passwd": {"users": [{"name": "u", "homeDir": "/srv/u"}]}`), false},
		"once not, by its mode": {[2]string{content("data:,first"),
			file(`, "mode": 384, "contents": {"source": "data:,second"}`)}, false},
		"now not, by its directory": {[2]string{`"storage": {"files": [{"path": "/d/a", ` + was + `}]}`,
			`"storage": {"files": [{"path": "/d/a", ` + now + `}], ` +
				`"directories": [{"path": "/d", "mode": 448}]}`}, false},
	} {
		t.Run(claim, func(t *testing.T) {
			for _, ab := range [][2]string{c.texts, {c.texts[1], c.texts[0]}} {
				text := told(t, ab[0], ab[1])
				assert.Equal(t, c.shown, strings.Contains(text, "first"), text)
				assert.Equal(t, c.shown, strings.Contains(text, "second"), text)
				assert.Equal(t, !c.shown, strings.Contains(text, "contents: differs, and is not shown"), text)
			}
		})
	}
}

func TestOfSecretsOnlyThatTheyDifferIsTold(t *testing.T) {
	for _, text := range []string{
		`"storage": {"files": [{"path": "/a", "mode": 384, "contents": {"source": "data:,SEKRET"}}]}`,
		`"storage": {"files": [{"path": "/a", "contents": {"source": "https://u:SEKRET@a/b?c=SEKRET#SEKRET"}}]}`,
		`"storage": {"files": [{"path": "/a", "contents": {"source": "https://a/b",
			"httpHeaders": [{"name": "A", "value": "SEKRET"}]}}]}`,
		`"passwd": {"users": [{"name": "a", "passwordHash": "\u0053EKRET"}]}`,
		`"passwd": {"users": [{"name": "a", "sshAuthorizedKeys": ["x SEKRET"]}]}`,
		`"kernelArguments": {"shouldExist": ["a=SEKRET"]}`,
		`"storage": {"luks": [{"name": "a", "device": "/b", "keyFile": {"source": "data:,SEKRET"}}]}`,
		`"storage": {"luks": [{"name": "a", "device": "/b", "clevis": {"custom": {"pin": "a", "config": "SEKRET"}}}]}`,
		`"storage": {"luks": [{"name": "a", "device": "/b", "clevis": {"tang": [{"url": "http://SEKRET@a"}]}}]}`,
		`"systemd": {"units": [{"name": "a", "contents": "[Service]\nEnvironment=SEKRET"}]}`,
		`"systemd": {"units": [{"name": "a",
			"dropins": [{"name": "b", "contents": "[Service]\nEnvironment=SEKRET"}]}]}`,
	} {
		other := strings.NewReplacer("SEKRET", "SEKRET2", `\u0053EKRET`, "SEKRET2").Replace(text)
		for _, ab := range [][2]string{{text, other}, {other, text}, {text, ""}, {"", text}} {
			c := compared(t, ab[0], ab[1])
			var out bytes.Buffer
			require.NoError(t, c.WriteJSON(&out))
			fits(t, out.Bytes())
			all := written(t, c, diag.Style{}) + out.String()
			assert.NotContains(t, all, "SEKRET")
			assert.Contains(t, all, diag.Redacted)
		}
		assert.Empty(t, compared(t, text, text).Entries)
	}
}

func TestOfUnitsTheSettingsAreNamedThatDiffer(t *testing.T) {
	unit := func(text string) string {
		return fmt.Sprintf(`"systemd": {"units": [{"name": "a.service", "contents": %q, "dropins": `+
			`[{"name": "b.conf", "contents": %[1]q}]}]}`, text)
	}
	for claim, c := range map[string]struct{ a, b, want string }{
		"a value": {"[Service]\nUser=a\nExecStart=/a\n", "[Service]\nUser=a\nExecStart=/b\n",
			"differs in [Service] ExecStart, and is not shown"},
		"settings that come and go": {"[Unit]\nAfter=a\n[Service]\nUser=a\n", "[Unit]\nAfter=a\nWants=b\n",
			"differs in [Service] User, [Unit] Wants, and is not shown"},
		"one of several of a name": {"[Service]\nExecStart=/a\nExecStart=/b\n", "[Service]\nExecStart=/a\n",
			"differs in [Service] ExecStart, and is not shown"},
		"a name that may be anything": {"[Service]\nSEKRET=a\n", "[Service]\nSEKRET=b\n",
			"differs in another setting, and is not shown"},
		"a section that may be": {"[SEKRET]\nUser=a\n", "[SEKRET]\nUser=b\n",
			"differs in another setting, and is not shown"},
		"a comment":       {"[Service]\n# a\n", "[Service]\n", "differs, and is not shown"},
		"what is no unit": {"[Service\nUser=a", "[Service\nUser=b", "differs, and is not shown"},
	} {
		t.Run(claim, func(t *testing.T) {
			text := told(t, unit(c.a), unit(c.b))
			assert.Equal(t, 2, strings.Count(text, "    ~ contents: "+c.want+"\n"), text)
			assert.Contains(t, text, "~ unit a.service, drop-in b.conf (")
		})
	}
}

// Whoever compares what two configs do asks what else they differ in.
func TestEntriesAreFoundByWhereTheyStandInBoth(t *testing.T) {
	unit := func(text string) string {
		return `"systemd": {"units": [{"name": "a.service", "enabled": true, "dropins": [{"name": "b.conf", ` +
			`"contents": "` + text + `"}]}]}`
	}
	first, second := `{"path": "/a", "contents": {"source": "data:,a"}}`, `{"path": "/a", "mode": 384}`
	c := compared(t, storage(`"files": [{"path": "/x"}, `+first+`]`)+", "+unit(`[Service]\nUser=a`),
		storage(`"files": [`+second+`, {"path": "/y"}]`)+", "+unit(`[Service]\nUser=b`))
	for _, test := range []struct {
		was, now string
		want     []string
	}{
		{"$.storage.files.1", "$.storage.files.0", []string{"contents", "mode"}},
		{"$.storage.files.1.contents", "$.storage.files.0.contents", []string{"contents", "mode"}},
		{"$.storage.files.1", "$.storage.files.1", nil},
		{"$.storage.files.0", "$.storage.files.1", nil},
		{"$.storage.files.10", "$.storage.files.0", nil},
		{"$.systemd.units.0.dropins.0", "$.systemd.units.0.dropins.0", []string{"contents"}},
		{"$.systemd.units.0", "$.systemd.units.0", nil},
		{"$", "$", nil},
		{"", "", nil},
	} {
		assert.Equal(t, test.want, c.Fields()(test.was, test.now), test.was)
	}
}

func TestColoursAreForWhatComesAndGoes(t *testing.T) {
	a, b := content("data:,a%0A"), content("data:,b%1B%0A")
	text := written(t, compared(t, a, b), diag.Style{Color: true})
	assert.Contains(t, text, "\x1b[1;33m~ file /a\x1b[0m (b:1:")
	assert.Contains(t, text, "        \x1b[1;31m-a\x1b[0m\n        \x1b[1;32m+b\\x1b\x1b[0m\n")
	plain := regexp.MustCompile("\x1b\\[[0-9;]+m").ReplaceAllString(text, "")
	assert.Equal(t, written(t, compared(t, a, b), diag.Style{}), plain)
}

//go:embed schema.json
var schema string

// fits: the text is by the schema, which lists every key.
func fits(t *testing.T, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", doc))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value), string(text))
}

func TestProgramsGetEachValue(t *testing.T) {
	c := compared(t, file(`, "mode": 420`)+`, "kernelArguments": {"shouldExist": ["a"]}`, file(`, "mode": 384`))
	var out bytes.Buffer
	require.NoError(t, c.WriteJSON(&out))
	fits(t, out.Bytes())
	var got struct {
		Entries []struct {
			Effect, Entry, Path string
			Was, Now            *struct{ File string }
			Values              []map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.Len(t, got.Entries, 2)
	gone, changed := got.Entries[0], got.Entries[1]
	assert.Equal(t, []string{"remove", "kernel argument a", "$.kernelArguments.shouldExist.0"},
		[]string{gone.Effect, gone.Entry, gone.Path})
	assert.Equal(t, "a", gone.Was.File)
	assert.Nil(t, gone.Now)
	assert.Equal(t, "$.storage.files.0", changed.Path)
	assert.Equal(t, "b", changed.Now.File)
	assert.Equal(t, []map[string]any{{"effect": "change", "path": "mode", "was": "0644", "now": "0600", "hidden": false,
		"order": false, "settings": []any{}, "difference": []any{}}}, changed.Values)
}

// A path as long as a text may be, and many entries of one name, take the time of reading them.
func TestOddConfigsAreComparedInLinearTime(t *testing.T) {
	deep := content("data:,a")
	deep = strings.Replace(deep, "/a", strings.Repeat("/a", 1<<20), 1)
	assert.NotContains(t, told(t, deep, strings.Replace(deep, "data:,a", "data:,b", 1)), "data")
	many := partitions(strings.Repeat(`{"sizeMiB": 1}, `, 50_000) + `{"sizeMiB": 1}`)
	assert.Equal(t, "no difference\n", told(t, many, many))
}
