package facts_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

//go:embed schema.json
var schema string

// compiled is the schema.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("facts.json", value))
	s, err := c.Compile("facts.json")
	require.NoError(t, err)
	return s
}

func TestATextIsOfAnyBytes(t *testing.T) {
	t.Parallel()
	for text, written := range map[string]string{"": `""`, "a ä": `"a ä"`, `a\x2db`: `"a\\\\x2db"`,
		"\xff\\\xc3": `"\\xff\\\\\\xc3"`, "\x00\n": `"\u0000\n"`} {
		out, err := json.Marshal(facts.TextOf(text))
		require.NoError(t, err)
		assert.Equal(t, written, string(out))
		var back facts.Text
		require.NoError(t, json.Unmarshal(out, &back))
		assert.Equal(t, text, back.String())
	}
	for _, bad := range []string{`"\\"`, `"a\\y"`, `"\\x1"`, `"\\xzz"`} {
		require.Error(t, json.Unmarshal([]byte(bad), new(facts.Text)), bad)
	}
}

// everything is a machine that has some of all that a scene tells.
func everything(t *testing.T) machines.Told {
	t.Helper()
	users := []scene.User{{Use: scene.Array, Name: "md1", Runs: true, Under: []string{"vda", "vdb"},
		Users: []scene.User{{Use: scene.Mount, Name: "/srv\xff"}}}}
	return machines.Told{
		"/dev/vda": {Name: "vda", Size: 64 << 20, SectorSize: 512, ReadOnly: true, Users: users,
			Busy:       map[int][]scene.User{2: {{Use: scene.Volume, Name: "dm-0", Volume: "data"}}},
			Partitions: []block.KernelPartition{{Name: "vda2", Number: 2, Start: 2048, Size: 99}},
			Filling: scene.Filling{Found: block.Found{Kind: block.KindGPT,
				Table: machines.Table(t, 64, machines.Part(1, 1, 10, "a"))}}},
		"/dev/md": {Size: 1 << 20, SectorSize: 4096, Mapper: "mpatha", Partition: true, Filling: scene.Filling{
			Extent: 5, Content: block.Content{Ambivalent: true, Unfinished: true,
				Signatures: []block.Signature{{Type: "ext4", UUID: "u", Label: "l\xfe\\"}, {Type: "xfs"}}},
			Found:  block.Found{Kind: block.KindBroken, Why: "no", MBRLists: true},
			Member: &scene.Member{Filled: true, Member: block.Member{Metadata: "1.2", Role: -1, Sound: true}},
			LUKS:   &block.LUKS{Version: 2, Flags: []string{"f"}, Tokens: []string{"tang"}, Keyslots: 2}}},
		"/dev/later": {SectorSize: 512, Unknown: "it is not there yet"},
	}
}

func TestWhatASceneTellsIsToldAgain(t *testing.T) {
	t.Parallel()
	rootless := circumstances()
	rootless.Rootless = "as nobody has looked"
	r, err := facts.NewRecorder(nil, rootless, machines.Dice())
	require.NoError(t, err)
	told := everything(t)
	now := r.Scene(told)
	place := scene.Place{Node: "/dev/vda", SectorSize: 512, At: block.Span{Offset: 1, Size: 2},
		Zeros: []block.Span{{Size: 9}}}
	look := func(s scene.Scene) (all []any) {
		for _, name := range []string{"/dev/vda", "/dev/md", "/dev/later", "/dev/none"} {
			seen, err := s.Look(name)
			node, is, failed := s.Find(name)
			if err != nil {
				assert.ErrorIs(t, err, fs.ErrNotExist)
				assert.ErrorIs(t, failed, fs.ErrNotExist)
				all = append(all, err.Error(), failed.Error())
				continue
			}
			text, err := json.Marshal([]any{seen, node, is})
			require.NoError(t, err)
			all = append(all, strings.NewReplacer("null", "", "[]", "", "{}", "").Replace(string(text)))
		}
		in, err := s.Inside(place)
		assert.NoError(t, err)
		return append(all, in, len(s.Links()))
	}
	want := look(now)
	var b strings.Builder
	require.NoError(t, r.Document().Write(&b))
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	require.NoError(t, err)
	require.NoError(t, compiled(t).Validate(value))
	doc, err := facts.Parse([]byte(b.String()))
	require.NoError(t, err)
	again := facts.NewReplay(doc, wanted(t, &config.Config{}))
	assert.Equal(t, want, look(again.Scene()))
	assert.Empty(t, again.Lacks())
	assert.Nil(t, again.Root())
}

func TestALookThatIsNotNotedFailsWithItsName(t *testing.T) {
	t.Parallel()
	r, err := facts.NewRecorder(nil, circumstances(), machines.Dice())
	require.NoError(t, err)
	_, _ = r.Scene(machines.Told{}), r.Root(trees.Fake{})
	again := facts.NewReplay(r.Document(), wanted(t, &config.Config{}))
	devices, view := again.Scene(), again.Root()
	for want, look := range map[string]func() error{
		"device /dev/vda": func() error { _, err := devices.Look("/dev/vda"); return err },
		"what is on /dev/vda from byte 1 on, 2 bytes": func() error {
			_, err := devices.Inside(scene.Place{Node: "/dev/vda", At: block.Span{Offset: 1, Size: 2}})
			return err
		},
		"where /dev/vda leads":       func() error { _, _, err := devices.Find("/dev/vda"); return err },
		"what is at /a":              func() error { _, err := view.Lstat("/a"); return err },
		"the text of /a":             func() error { _, err := view.ReadFile("/a", 9); return err },
		"what is in /a":              func() error { _, err := view.Open("/a"); return err },
		"the names in /a":            func() error { _, err := view.Names("/a"); return err },
		"where something is mounted": func() error { _, err := view.Mounts(); return err },
		"all that is below /a":       func() error { return view.Through("/a", nil) },
		"what protects /a":           func() error { _, err := again.Protection("/a"); return err },
	} {
		var lack *facts.LackError
		require.ErrorAs(t, look(), &lack)
		assert.Equal(t, want, lack.Look)
		assert.NotErrorIs(t, lack, fs.ErrNotExist)
		assert.Len(t, diag.Hints(lack), 1)
		assert.Contains(t, again.Lacks(), want)
	}
}

func TestFactsThatNoMachineHasAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`: "facts: 1:1: unexpected end of JSON input",
		`{"version": 1, "devices":
			5}`: "facts: 3:5: json",
		`{"version": 2, "version": 1, "devices": {}}`: `1:16: the key "version" is there twice`,
		`{"version": 1, "root": {"paths": {"/a": {}, "/b": {},
			"/\u0061": {}}}}`: `the key "/\u0061" is there twice`,
		`{"version": 1, "root": {"paths": {"/\\xff": {}, "/\\xFF": {}}}}`:                       "not in small letters",
		`{"version": 1, "root": {"paths": {"/\\x": {}}}}`:                                       `"/\\x": a backslash`,
		`{"version": 1, "root": {"paths": {"/a/../b": {}}}}`:                                    "this is no place",
		`{"version": 1, "root": {"paths": {"a": {}}}}`:                                          "this is no place",
		`{"version": 1, "root": {"paths": {"/": {"kind": "file"}}}}`:                            "no directory",
		`{"version": 1, "root": {"paths": {"/": {}}}}`:                                          "no directory",
		`{"version": 1, "root": {"paths": {"/a": {"kind": "file"}, "/a/b": {"kind": "file"}}}}`: "/a/b: something",
		`{"version": 1, "root": {"paths": {"/a": {}, "/a/b": {"kind": "directory"}}}}`:          "/a/b: something",
		`{"version": 1, "root": {"names": {"/a": {"names": ["b/c"]}}}}`:                         `/a: "b/c" is none`,
		`{"version": 1, "root": {"names": {"/a": {"names": [""]}}}}`:                            `/a: "" is none`,
		`{"version": 1, "circumstances": {
			"image": {"accountBackend": "native", "selinuxRelabel": "auto"}}}`: "the root is missing",
		`{"version": 2}`:    "version 2, and this program reads version 1",
		`{"version": 1}`:    "the circumstances are missing",
		`{"version": 1} {}`: "after top-level value",
		`{"version": 1, "circumstances": {
			"image": {"accountBackend": "other"}}}`: `the account backend "other"`,
		`{"version": 1, "root": {"paths": {"/a": {"kind": "box"}}}}`:                           `"box" is not known`,
		`{"version": 1, "root": {"paths": {"/a": {"size": -1}}}}`:                              "/a: mode 0, -1 bytes",
		`{"version": 1, "root": {"opens": {"/a": {"answers": [{"of": "x", "is": "like"}]}}}}`:  `the answer "like"`,
		`{"version": 1, "root": {"trees": {"/a": {"nodes": [{"name": "a", "depth": 1}]}}}}`:    "node 0 at depth 1",
		`{"version": 1, "root": {"trees": {"/a": {"nodes": [{"name": "a"}, {"name": "b"}]}}}}`: "node 1 at depth 0",
		`{"version": 1, "devices": {"looks": {"/dev/a": {}}}}`:                                 "either there is",
		`{"version": 1, "devices": {"finds": {"/dev/a": {}}}}`:                                 "either there is",
		`{"version": 1, "devices": {"insides": [{}]}}`:                                         "insides.0: either",
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"bytes": -1}}}}}`:          "-1 bytes",
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"sectorSize": 7}}}}}`:      "sectors of 7 bytes",
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"sectorSize": 512,
			"table": {"kind": "x"}}}}}}`: `the kind "x", which is not known`,
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"sectorSize": 512,
			"table": {"kind": "gpt"}}}}}}`: "with a GPT or without",
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"sectorSize": 512,
			"table": {"kind": "gpt", "gpt": {"sectorSize": 512, "slots": 128}}}}}}}`: "GPT: no GPT header",
		`{"version": 1, "devices": {"looks": {"/dev/a": {"device": {"sectorSize": 512,
			"table": {"kind": "gpt", "gpt": {"sectorSize": 512, "slots": 128, "primary": "RUZJ"}}}}}}}`: "GPT: no GPT",
	} {
		if !strings.Contains(text, "circumstances") {
			text = strings.Replace(text, `1, "`, `1, "circumstances": {"rootless": "as nobody has looked",
				"image": {"accountBackend": "native", "selinuxRelabel": "auto"}}, "`, 1)
		}
		_, err := facts.Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

// A content whose reading fails is compared with an error, which is noted too.
func TestTheErrorOfAComparisonIsNoted(t *testing.T) {
	t.Parallel()
	r, err := facts.NewRecorder(&config.Config{}, circumstances(), machines.Dice())
	require.NoError(t, err)
	compare := func(v target.View) (bool, error) {
		return target.Holds(v, "/f", "$.a", func(target.Output) error { return errors.New("no source") })
	}
	_, want := compare(r.Root(trees.Fake{"/f": "text"}))
	require.EqualError(t, want, "no source")
	again := facts.NewReplay(r.Document(), wanted(t, &config.Config{}))
	_, got := compare(again.Root())
	assert.EqualError(t, got, "no source")
	assert.Empty(t, again.Lacks())
}

func TestOfKernelArgumentsOnlySomeValuesAreNoted(t *testing.T) {
	t.Parallel()
	const line = `quiet root=/dev/vda1 rd.token=SECRET "odd=SECRET b" console=ttyS0 console=tty0 empty=`
	wants := func(arguments ...string) *config.Config {
		return &config.Config{KernelArguments: config.KernelArguments{ShouldExist: arguments,
			ShouldNotExist: arguments}}
	}
	all := []string{"quiet", "rd.token=SECRET", "rd.token=other", "root=/dev/vda1", "root=/dev/vdb", `odd="SECRET b"`,
		"console=ttyS0 console=tty0", "empty=", "empty", "none", "quiet root=/dev/vda1 rd.token=SECRET"}
	cfg := wants(all...)
	r, err := facts.NewRecorder(cfg, circumstances(), machines.Dice())
	require.NoError(t, err)
	r.CommandLine(line)
	var b strings.Builder
	require.NoError(t, r.Document().Write(&b))
	assert.NotContains(t, b.String(), "SECRET")
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(b.String()))
	require.NoError(t, err)
	require.NoError(t, compiled(t).Validate(value))
	again := facts.NewReplay(r.Document(), wanted(t, cfg))
	got := again.CommandLine()
	for _, argument := range all {
		assert.Equal(t, cmdline.Has(line, argument), cmdline.Has(*got, argument), argument)
	}
	assert.Empty(t, again.Lacks())
	again = facts.NewReplay(r.Document(), wanted(t, wants("rd.token=SECRET", "quiet", "root=/dev/vda1")))
	got = again.CommandLine()
	assert.True(t, cmdline.Has(*got, "quiet") && cmdline.Has(*got, "root=/dev/vda1"))
	assert.Equal(t, []string{"whether the kernel has the argument rd.token that the config names"}, again.Lacks())
}
