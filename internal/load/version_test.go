package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/zip"
)

// opened gives the content of a data: URL.
func opened(r config.Resource) ([]byte, error) {
	content := fetch.Resource{URL: *r.Source, Gzip: r.Compression != nil && *r.Compression == "gzip"}
	if r.Verification.Hash != nil {
		content.Digest = *r.Verification.Hash
	}
	return fetch.New(slog.New(slog.DiscardHandler), "").Bytes(context.Background(), content, 1<<20)
}

// holding is a config with another one inside, to merge.
func holding(version, inner string, zipped bool) string {
	var zipper butane.Zipper
	if zipped {
		zipper = zip.New(false)
	}
	url, compression := butane.DataURL(inner, zipper)
	return fmt.Sprintf(`{"ignition":{"version":%q,"config":{"merge":[{"source":%q,"compression":%q}]}}}`, version, url,
		compression)
}

// insides lists the versions of a config and of those inside of it.
func insides(t *testing.T, text string) (versions []string) {
	t.Helper()
	var c config.Config
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	versions = append(versions, c.Ignition.Version)
	for _, r := range append(c.Ignition.Config.Merge, c.Ignition.Config.Replace) {
		if r.Source != nil && (*r.Source)[:5] == "data:" {
			inner, err := opened(r)
			require.NoError(t, err)
			versions = append(versions, insides(t, string(inner))...)
		}
	}
	return versions
}

func TestConfigsInsideAreWrittenAtTheVersionToo(t *testing.T) {
	const empty = `{"ignition":{"version":"3.4.0"}}`
	long := `{"ignition":{"version":"3.4.0"},"passwd":{"users":[{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}}`
	for name, c := range map[string]struct {
		text string
		to   config.Version
		want []string // the versions that come out, or the first problem
	}{
		"a newer one":                {holding("3.4.0", empty, false), config.V3_1, []string{"3.1.0", "3.1.0"}},
		"a compressed one":           {holding("3.4.0", long, true), config.V3_2, []string{"3.2.0", "3.2.0"}},
		"a compressed one, to 3.0.0": {holding("3.4.0", long, true), config.V3_0, []string{"3.0.0", "3.0.0"}},
		"an older one stays": {holding("3.4.0", `{"ignition":{"version":"3.1.0"}}`, false), config.V3_2,
			[]string{"3.2.0", "3.1.0"}},
		"one inside of an older one": {holding("3.4.0", holding("3.1.0", empty, false), false), config.V3_2,
			[]string{"3.2.0", "3.1.0", "3.2.0"}},
		"one that replaces": {`{"ignition":{"version":"3.4.0","config":{"replace":{"source":"data:,` +
			`%7B%22ignition%22%3A%7B%22version%22%3A%223.6.0%22%7D%7D"}}}}`, config.V3_1, []string{"3.1.0", "3.1.0"}},
		"a document": {holding("3.4.0", "variant: fcos\nversion: 1.7.0\n", false), config.V3_1,
			[]string{"3.1.0", "3.1.0"}},
		"one with a mark": {holding("3.4.0", "\ufeff"+empty, false), config.V3_4, []string{"3.4.0", "3.4.0"}},
		"one of a document": {"variant: fcos\nversion: 1.5.0\nignition: {config: {merge: [{inline: '" + empty +
			"'}]}}\n", config.V3_1, []string{"3.1.0", "3.1.0"}},
		"one that comes from elsewhere": {`{"ignition":{"version":"3.4.0",` +
			`"config":{"merge":[{"source":"https://h/x"}]}}}`, config.V3_1, []string{"3.1.0"}},
		"a key that came later": {holding("3.4.0",
			`{"ignition":{"version":"3.4.0"},"kernelArguments":{"shouldExist":["quiet"]}}`, false), config.V3_1,
			[]string{`x.ign:1:61: $.ignition.config.merge.0.source: in the config inside, ` +
				`at $.kernelArguments: the key "kernelArguments" came with version 3.3.0, so 3.1.0 cannot say this`}},
		"a key that came later, two levels down": {holding("3.4.0", holding("3.0.0",
			`{"ignition":{"version":"3.4.0"},"kernelArguments":{"shouldExist":["quiet"]}}`, false), false), config.V3_1,
			[]string{`x.ign:1:61: $.ignition.config.merge.0.source: in the config inside, ` +
				`at $.ignition.config.merge.0.source: in the config inside, at $.kernelArguments: the key`}},
		"one that is none": {holding("3.4.0", "hello", false), config.V3_1,
			[]string{`x.ign:1:61: $.ignition.config.merge.0.source: in the config inside: `}},
		"one that its digest speaks off": {`{"ignition":{"version":"3.4.0","config":{"merge":[{"source":"data:,` +
			`x","verification":{"hash":"sha256-0000000000000000000000000000000000000000000000000000000000000000"}}]}}}`,
			config.V3_1, []string{`x.ign:1:61: $.ignition.config.merge.0.source: the config inside cannot be read: `}},
	} {
		t.Run(name, func(t *testing.T) {
			zipping := load.Options{Zip: func(much bool) butane.Zipper { return zip.New(much) }}
			r := load.ReadWith(tree.NewArena(), "x.ign", c.text, zipping)
			require.True(t, r.Valid(diag.Workstation), "%v", r.Problems)
			out, problems := r.JSONAt(c.to, false, opened)
			if out != nil {
				assert.Equal(t, c.want, insides(t, string(out)))
				assert.Equal(t, strings.Contains(c.text, `"gzip"`) && c.to > config.V3_0,
					strings.Contains(string(out), `"gzip"`))
				made := read(string(out))
				assert.True(t, made.Valid(diag.Workstation), "%v", made.Problems)
				return
			}
			require.NotEmpty(t, problems)
			assert.Contains(t, problems[0].Error(), c.want[0])
		})
	}
}

// Both places are named: where the config inside stands, and where in it.
func TestWhatAConfigInsideCannotSayIsShownInBoth(t *testing.T) {
	r := read(holding("3.4.0", `{"ignition":{"version":"3.4.0"},"kernelArguments":{"shouldExist":["quiet"]}}`, false))
	_, problems := r.JSONAt(config.V3_1, false, opened)
	require.Len(t, problems, 1)
	require.Len(t, problems[0].Related, 1)
	assert.Equal(t, "the config inside:1:33", problems[0].Related[0].Place.String())
}

func TestWhatSaysNothingIsLeftOutOfOlderConfigs(t *testing.T) {
	const config30 = `{"ignition":{"version":"3.0.0"}}`
	for text, want := range map[string]string{
		`"kernelArguments": {}`: config30,
		`"kernelArguments": {"shouldExist": [], "shouldNotExist": null}`: config30,
		`"storage": {"luks": []}`:   config30,
		`"storage": {"luks": null}`: config30,
		`"storage": {"files": [{"path": "/a", "contents": ` +
			`{"httpHeaders": []}}]}`: `{"ignition":{"version":"3.0.0"},` +
			`"storage":{"files":[{"path":"/a"}]}}`,
		`"storage": {"disks": [{"device": "/d", "partitions": ` +
			`[{"number": 1, "resize": false}]}]}`: `{"ignition":{"version":"3.0.0"},` +
			`"storage":{"disks":[{"device":"/d","partitions":[{"number":1}]}]}}`,
		`"passwd": {"users": [{"name": "a", ` +
			`"shouldExist": false}]}`: `the key "shouldExist" ` +
			`came with version 3.2.0`,
		`"storage": {"luks": [{"name": "a", ` +
			`"device": "/d"}]}`: `the key "luks" came ` +
			`with version 3.2.0`,
		`"storage": {"disks": [{"device": "/d", "partitions": ` +
			`[{"number": 1, "sizeMiB": 5, "resize": true}]}]}`: `the key "resize" came with version 3.2.0`,
		`"kernelArguments": {"shouldExist": ["a"]}`: `the key "kernelArguments" came with version 3.3.0`,
		`"storage": {"filesystems": [{"device": "/d", ` +
			`"format": "ext4", "path": "/var", "mountOptions": [], "label": ""}]}`: `{"ignition":{"version":"3.0.0"},` +
			`"storage":{"filesystems":[{"device":"/d","format":"ext4","label":"","path":"/var"}]}}`,
	} {
		r := read(`{"ignition": {"version": "3.6.0", "proxy": {}}, ` + text + `}`)
		out, problems := r.JSONAt(config.V3_0, false, nil)
		if out != nil {
			assert.JSONEq(t, want, string(out), text)
			continue
		}
		assert.Contains(t, problems[0].Message, want, text)
	}
}

// What an older version cannot say is told of the key or the value that says it, with the first version that can.
func TestWhatAnOlderVersionCannotSay(t *testing.T) {
	const json = `{"ignition": {"version": "3.6.0"}, `
	const yaml = "variant: fcos\nversion: 1.7.0\n"
	const digest = "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	file := func(members string) string { return json + `"storage": {"files": [{"path": "/a", ` + members + "}]}}" }
	for claim, c := range map[string]struct {
		text        string
		to          config.Version
		want, first string // the problem, and the version that its hint names
	}{
		"a key": {json + `"kernelArguments": {"shouldExist": ["a"]}}`, config.V3_2,
			`x:1:36: $.kernelArguments: the key "kernelArguments" came with version 3.3.0, so 3.2.0 cannot say this`,
			"3.3.0 or newer"},
		"a key of a document": {yaml + "kernel_arguments: {should_exist: [a]}\n", config.V3_2,
			`x:3:1: $.kernel_arguments: the key "kernel_arguments" came with version 3.3.0, so 3.2.0 cannot say this`,
			"3.3.0 or newer"},
		"a key of its sugar": {yaml + "boot_device: {luks: {tpm2: true, discard: true}}\n", config.V3_2,
			`x:3:34: $.boot_device.luks.discard: the key "discard" came with version 3.4.0`, "3.4.0 or newer"},
		"what its sugar is made of": {yaml + "boot_device: {luks: {tpm2: true}}\n", config.V3_1,
			`x:3:15: $.boot_device.luks: the key "luks" came with version 3.2.0`, "3.2.0 or newer"},
		"a value of a config inside": {holding("3.4.0", `{"ignition":{"version":"3.4.0"},"storage":{"filesystems":`+
			`[{"device":"/a","format":"none"}]}}`, false), config.V3_2, `in the config inside, at ` +
			`$.storage.filesystems.0.format: the format "none" came with version 3.3.0`, "3.3.0 or newer"},
		"a value of a config inside of a document": {yaml + `ignition: {config: {merge: [{inline: '{"ignition":` +
			`{"version":"3.4.0"},"kernelArguments":{"shouldExist":["a"]}}'}]}}` + "\n", config.V3_2,
			`$.ignition.config.merge.0.inline: in the config inside, at $.kernelArguments: `, "3.3.0 or newer"},
		"a hash function": {file(`"contents": {"source": "https://h/a", "verification": {"hash": "` + digest + `"}}`),
			config.V3_0, `: the hash function sha256 came with version 3.1.0; version 3.0.0 does not have it`,
			"3.1.0 or newer"},
		"a scheme": {file(`"contents": {"source": "gs://b/o"}`), config.V3_1,
			`: the scheme gs came with version 3.2.0; version 3.1.0 does not have it`, "3.2.0 or newer"},
		"an ARN": {file(`"contents": {"source": "arn:aws:s3:::b/k"}`), config.V3_2,
			`: the scheme arn came with version 3.4.0; version 3.2.0 does not have it`, "3.4.0 or newer"},
		"a format": {yaml + "storage: {filesystems: [{device: /dev/a, format: none}]}\n", config.V3_2,
			`x:3:50: $.storage.filesystems.0.format: the format "none" came with version 3.3.0`, "3.3.0 or newer"},
		"an experimental format": {`{"ignition": {"version": "3.7.0-experimental"}, "storage": {"filesystems": ` +
			`[{"device": "/a", "path": "/a", "format": "virtiofs"}]}}`, config.V3_6, `: the format "virtiofs" came ` +
			`with version 3.7.0-experimental; version 3.6.0 does not have it`, "3.7.0-experimental,"},
		"bits of a mode": {file(`"mode": 2541`), config.V3_5, `$.storage.files.0.mode: set-id and sticky bits count`,
			"3.6.0 or newer"},
	} {
		t.Run(claim, func(t *testing.T) {
			r := load.Read(tree.NewArena(), "x", c.text)
			require.True(t, r.Valid(diag.Workstation), "%v", r.Problems)
			out, problems := r.JSONAt(c.to, false, opened)
			assert.Empty(t, out)
			require.Len(t, problems, 1)
			assert.Contains(t, problems[0].Error(), c.want)
			assert.NotContains(t, problems[0].Message, "does not take this")
			if problems[0].Code != codes.VersionInside {
				assert.Equal(t, codes.VersionTooOld, problems[0].Code)
			}
			assert.Contains(t, problems[0].Hint, "choose --to "+c.first)
			assert.Contains(t, problems[0].Hint, ", or change this")
		})
	}
}
