package butane_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/zip"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// translate reads a document, for a workstation unless the options say otherwise.
func translate(t *testing.T, text string, o butane.Options) *butane.Result {
	t.Helper()
	root, problems := tree.NewArena().ParseYAML(&diag.Document{Name: "a.bu", Text: text})
	require.True(t, root.Exists(), "%v", problems)
	o.Rules = rules.Document
	o.Zip = func(much bool) butane.Zipper { return zip.New(much) }
	o.Inner = func(name, text string) []diag.Problem {
		_, problems := configs.Judge(name, []byte(text))
		return problems
	}
	return butane.Translate(root, o)
}

// parse reads a document without rules for the config, and gives what is wrong with the text as well.
func parse(text string) *butane.Result {
	root, problems := tree.NewArena().ParseYAML(&diag.Document{Name: "a.bu", Text: text})
	if !root.Exists() {
		return &butane.Result{Problems: problems}
	}
	r := butane.Translate(root, butane.Options{})
	r.Problems = append(problems, r.Problems...)
	return r
}

// told puts problems, as an audience is told them, into short lines: where, how bad, what.
func told(audience diag.Audience, problems []diag.Problem) []string {
	lines := []string{}
	for _, p := range diag.For(audience, problems) {
		line, col := p.Place.Doc.Position(p.Place.Span.Start)
		lines = append(lines, fmt.Sprintf("%d:%d %s %s %s", line, col, p.Severity, p.Code, p.Path))
	}
	return lines
}

// head starts a document of a dialect, with what an openshift document needs.
func head(d butane.Dialect) string {
	text := "variant: " + d.Variant + "\nversion: " + d.Version + "\n"
	if d.Variant == "openshift" {
		text += "metadata: {name: a, labels: {machineconfiguration.openshift.io/role: worker}}\n"
	}
	return text
}

func dialect(t *testing.T, name string) butane.Dialect {
	t.Helper()
	for _, d := range butane.Dialects() {
		if d.String() == name {
			return d
		}
	}
	t.Fatalf("no dialect %s", name)
	return butane.Dialect{}
}

// converted gives the config of a document of a dialect that has nothing wrong with it, without its version.
func converted(t *testing.T, name, text string, files fs.FS) string {
	t.Helper()
	d := dialect(t, name)
	r := translate(t, head(d)+text, butane.Options{Files: files, FilesDir: "/files", Raw: true})
	require.Empty(t, told(diag.Workstation, r.Problems))
	out := strings.TrimSuffix(string(r.JSON(false)), "\n")
	return strings.Replace(strings.Replace(out, `{"ignition":{"version":"`+d.Spec.String()+`"},`, "{", 1),
		`,"version":"`+d.Spec.String()+`"}`, "}", 1)
}

func TestTheSmallestDocumentOfEachDialectBecomesAConfigOfItsSpec(t *testing.T) {
	require.Len(t, butane.Dialects(), 17+16)
	for _, d := range butane.Dialects() {
		t.Run(d.String(), func(t *testing.T) {
			r := translate(t, head(d), butane.Options{Raw: true})
			require.Empty(t, r.Problems)
			assert.Equal(t, d, r.Dialect)
			assert.Equal(t, d.Spec, r.Config.Version)
			assert.Equal(t, `{"ignition":{"version":"`+d.Spec.String()+`"}}`+"\n", string(r.JSON(false)))
		})
	}
}

func TestTheDialectMustBeKnown(t *testing.T) {
	for name, c := range map[string]struct{ text, want, hint string }{
		"no variant": {"version: 1.5.0", "1:1 error variant-missing $.variant",
			"fcos, flatcar, r4e, fiot, openshift"},
		"no variant at all": {"variant:\nversion: 1.5.0", "1:9 error variant-missing $.variant",
			"variant: fcos"},
		"no version":               {"variant: flatcar", "1:1 error version-missing $.version", "version: 1.1.0"},
		"a version of two numbers": {"variant: fcos\nversion: 1.5", "2:10 error version-syntax $.version", "1.7.0"},
		"a version with a letter":  {"variant: fcos\nversion: v1.5.0", "2:10 error version-syntax $.version", "1.7.0"},
		"a version that is still to come": {"variant: fcos\nversion: 1.8.0", "2:10 error version-unknown $.version",
			"1.8.0-experimental"},
		"a version that is stable by now": {"variant: fcos\nversion: 1.5.0-experimental",
			"2:10 error version-unknown $.version", "stable by now: 1.5.0"},
		"a build of a version": {"variant: fcos\nversion: 1.5.0+build", "2:10 error version-unknown $.version",
			"1.4.0, 1.5.0, 1.6.0"},
		"a variant that is not known": {"variant: FCOS\nversion: 1.5.0", "1:10 error variant-unknown $.variant",
			"fcos, flatcar"},
		"a variant that is no more": {"variant: rhcos\nversion: 0.1.0", "1:10 error variant-unknown $.variant",
			"openshift"},
		"a variant that is a list":          {"variant: [fcos]\nversion: 1.5.0", "1:10 error wrong-type $.variant", ""},
		"a text that is not even a mapping": {"hello", "1:1 error wrong-type $", "variant: fcos"},
	} {
		t.Run(name, func(t *testing.T) {
			r := translate(t, c.text, butane.Options{})
			require.Equal(t, []string{c.want}, told(diag.Peer, r.Problems))
			assert.Contains(t, r.Problems[0].Hint, c.hint)
			assert.Nil(t, r.Config)
			assert.Nil(t, r.JSON(false))
			assert.Nil(t, r.MachineConfig())
			assert.Zero(t, r.Dialect)
			assert.False(t, r.Made())
		})
	}
	assert.Empty(t, translate(t, "variant: fcos\nversion: 01.05.0\n", butane.Options{}).Problems, "numbers are numbers")
}

func TestScalarsAreWhatTheLanguageSaysTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		"mode: 0644":                `{"path":"/a","mode":420}`,
		"mode: 0o644":               `{"path":"/a","mode":420}`,
		"mode: 0x1a4":               `{"path":"/a","mode":420}`,
		"mode: 0b110100100":         `{"path":"/a","mode":420}`,
		"mode: 4_2_0":               `{"path":"/a","mode":420}`,
		"mode: 4.2e2":               `{"path":"/a","mode":420}`,
		"mode:":                     `{"path":"/a"}`,
		"overwrite: no":             `{"overwrite":false,"path":"/a"}`,
		"overwrite: 'off'":          `{"overwrite":false,"path":"/a"}`,
		"overwrite: FALSE":          `{"overwrite":false,"path":"/a"}`,
		"overwrite: !!bool no":      `{"overwrite":false,"path":"/a"}`,
		"user: {name: 12}":          `{"path":"/a","user":{"name":"12"}}`,
		"user: {name: 1.50, id: ~}": `{"path":"/a","user":{"name":"1.50"}}`,
		"user: {}":                  `{"path":"/a"}`,
		"append: [{}]":              `{"path":"/a","append":[{}]}`,
	} {
		t.Run(text, func(t *testing.T) {
			assert.Equal(t, `{"storage":{"files":[`+want+`]}}`,
				converted(t, "fcos 1.7.0", "storage: {files: [{path: /a, "+text+"}]}\n", nil))
		})
	}
	for _, text := range []string{`mode: "0644"`, "mode: yes", "mode: .inf", "mode: 9223372036854775808",
		"mode: 2001-01-01", "mode: [1]", "overwrite: 1", `overwrite: "true"`, "overwrite: oN", "overwrite: !!bool x",
		"mode: !!int x", "user: x", "user: []", "append: {}", "append: x", "path: {a: b}"} {
		t.Run(text, func(t *testing.T) {
			r := translate(t, "variant: fcos\nversion: 1.7.0\nstorage: {files: [{path: /a, "+text+"}]}\n",
				butane.Options{})
			require.NotEmpty(t, r.Problems)
			assert.Contains(t, []string{"wrong-type", "key-duplicate"}, string(r.Problems[0].Code))
			assert.Nil(t, r.Config)
		})
	}
}

func TestKeysAreHeldAgainstTheDialect(t *testing.T) {
	for name, c := range map[string]struct{ text, want, hint string }{
		"a key that belongs one level down": {"storage: {files: [{path: /a, local: b}]}",
			"3:30 warning key-unknown $.storage.files.0.local", "local belongs below contents"},
		"one that is misspelt too": {"storage: {files: [{path: /a, sourcce: b}]}",
			"3:30 warning key-unknown $.storage.files.0.sourcce", `did you mean "source"? it belongs below contents`},
		"one that belongs to an item": {"storage: {disks: [{device: /dev/a, size_mib: 1}]}",
			"3:36 warning key-unknown $.storage.disks.0.size_mib", "size_mib belongs below an item of partitions"},
		"a list that belongs below a section": {"units: []", "3:1 warning key-unknown $.units",
			"units belongs below systemd"},
		"a key in camel case": {"storage: {disks: [{device: /dev/a, wipeTable: true}]}",
			"3:36 warning key-unknown $.storage.disks.0.wipeTable", `did you mean "wipe_table"?`},
		"a misspelt key": {"storage: {files: [{pth: /a, path: /a}]}", "3:20 warning key-unknown $.storage.files.0.pth",
			`did you mean "path"?`},
		"a key that came later": {"systemd: {quadlets: []}", "3:11 warning key-too-new $.systemd.quadlets",
			"set version to 1.8.0-experimental"},
		"a key of another variant": {"metadata: {name: a}", "3:1 error unsupported $.metadata", "variant"},
		"a key like no other": {"frobnicate: 1", "3:1 warning key-unknown $.frobnicate",
			"known keys are ignition, kernel_arguments"},
		"the version of the config": {"ignition: {version: 3.4.0}", "3:12 warning key-unknown $.ignition.version",
			"remove it"},
		"a key twice": {"storage: {files: [{path: /a, path: /b}]}", "3:30 error key-duplicate $.storage.files.0.path",
			"remove one of the two"},
		"a key twice below an unknown one": {"x: {a: 1, a: 2}", "3:11 error key-duplicate $.x.a",
			"remove one of the two"},
		"a mapping with nothing in it": {"storage:", "3:9 warning null-object $.storage", "remove the key"},
		"an item with nothing in it": {"storage: {files: [~, {path: /a}]}", "3:19 warning null-item $.storage.files",
			""},
		"a scalar where a list belongs": {"storage: {files: x}", "3:18 error wrong-type $.storage.files",
			"start its line with a dash"},
		"a quoted number": {`storage: {files: [{path: /a, mode: "0644"}]}`,
			"3:36 error wrong-type $.storage.files.0.mode", "remove the quotes"},
		"a key below an alias is looked at": {"storage: {files: [{path: /a, user: &u {nam: b}}, {path: /b, user: *u}]}",
			"3:40 warning key-unknown $.storage.files.0.user.nam", `did you mean "name"?`},
		"a number with a fraction": {"passwd: {users: [{name: core, uid: 420.9}]}",
			"3:36 warning number-fraction $.passwd.users.0.uid", "write 420"},
		"permission bits with a fraction, told once": {"storage: {files: [{path: /a, mode: 644.5}]}",
			"3:36 warning number-fraction $.storage.files.0.mode", "as 0644"},
		"a mode in decimal digits": {"storage: {files: [{path: /a, mode: 755}]}",
			"3:36 warning mode-decimal $.storage.files.0.mode", "write 0755"},
		"a mode with a digit that is not octal": {"storage: {files: [{path: /a, mode: 0899}]}",
			"3:36 error number-digit $.storage.files.0.mode", "digits 0 to 7"},
		"a mode with a sign and such a digit": {"storage: {files: [{path: /a, mode: +0_789}]}",
			"3:36 error number-digit $.storage.files.0.mode", "digits 0 to 7"},
		"a mode with a fraction": {"storage: {files: [{path: /a, mode: 0644.0}]}",
			"3:36 error number-digit $.storage.files.0.mode", "digits 0 to 7"},
		"a mode of a tree": {"storage: {trees: [{local: a, file_mode: 0689}]}",
			"3:41 error number-digit $.storage.trees.0.file_mode", "digits 0 to 7"},
		"a number that is no mode, with such a digit": {"storage: {disks: [{device: /dev/a, partitions: " +
			"[{number: 08}]}]}", "3:58 warning number-digit $.storage.disks.0.partitions.0.number", "write 8"},
		"a value that a merge key brings": {"x: &u {nam: b}\nstorage: {files: [{path: /a, <<: {mode: 755}}]}",
			"4:34 warning mode-decimal $.storage.files.0.mode", "write 0755"},
		"a line end in a mount unit's path": {"storage: {filesystems: " +
			"[{device: /dev/a, format: ext4, with_mount_unit: true, path: \"/var/a\\nb\"}]}",
			"3:85 error field-character $.storage.filesystems.0.path", "a line of a unit"},
		"a specifier in a mount unit's path": {"storage: {filesystems: " +
			"[{device: /dev/a, format: ext4, with_mount_unit: true, path: /var/%h}]}",
			"3:85 error field-character $.storage.filesystems.0.path", "a line of a unit"},
		"a specifier in a mount unit's device": {"storage: {filesystems: " +
			"[{device: /dev/%b, format: ext4, with_mount_unit: true, path: /var/a}]}",
			"3:34 error field-character $.storage.filesystems.0.device", "a line of a unit"},
		"a specifier in the device of swap": {"storage: {filesystems: " +
			"[{device: /dev/%b, format: swap, with_mount_unit: true}]}",
			"3:34 error field-character $.storage.filesystems.0.device", "a line of a unit"},
		"a specifier in a mount unit's option": {"storage: {filesystems: " +
			"[{device: /dev/a, format: ext4, with_mount_unit: true, path: /var/a, mount_options: [ro, x=%u]}]}",
			"3:113 warning field-character $.storage.filesystems.0.mount_options.1", "part of a line"},
		"an option that joins two lines": {"storage: {filesystems: " +
			"[{device: /dev/a, format: ext4, with_mount_unit: true, path: /var/a, mount_options: ['a\\']}]}",
			"3:109 error field-character $.storage.filesystems.0.mount_options.0", "part of a line"},
		"a version 1.6 field in version 1.5.0": {"boot_device: {luks: {cex: {enabled: true}}}", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := translate(t, "variant: fcos\nversion: 1.7.0\n"+c.text+"\n", butane.Options{})
			lines := told(diag.Workstation, r.Problems)
			if c.want != "" {
				require.Contains(t, lines, c.want)
			}
			for i, p := range diag.For(diag.Workstation, r.Problems) {
				if lines[i] == c.want {
					assert.Contains(t, p.Hint, c.hint)
				}
			}
		})
	}
}

// A percent sign that begins no specifier, and filesystems without a unit of ours, are left alone; the peer's names say
// nothing of any.
func TestValuesOfMountUnitsThatSystemdReadsAsTheyAreAreTaken(t *testing.T) {
	for name, text := range map[string]string{
		"a percentage": "{device: /dev/a, format: tmpfs, with_mount_unit: true, path: /var/a, " +
			"mount_options: ['size=50%', 'a=%,b']}",
		"without a unit": "{device: '/dev/%b', format: ext4, path: '/var/%h', mount_options: ['x=%u']}",
	} {
		r := translate(t, "variant: fcos\nversion: 1.5.0\nstorage: {filesystems: ["+text+"]}\n", butane.Options{})
		assert.NotContains(t, fmt.Sprint(diag.For(diag.Workstation, r.Problems)), "field-character", name)
	}
	r := translate(t, "variant: fcos\nversion: 1.5.0\nstorage: {filesystems: "+
		"[{device: '/dev/%b', format: ext4, with_mount_unit: true, path: '/var/%h'}]}\n", butane.Options{Peer: true})
	assert.Empty(t, diag.For(diag.Peer, r.Problems))
	assert.Contains(t, string(r.JSON(false)), `Where=/var/%h\n`)
}

func TestContentIsEmbeddedInTheShortestWay(t *testing.T) {
	long := strings.Repeat("the same line again\n", 20)
	for name, c := range map[string]struct{ dialect, contents, want string }{
		"short text is escaped": {"fcos 1.5.0", `{inline: "a b/ü"}`,
			`{"compression":"","source":"data:,a%20b%2F%C3%BC"}`},
		"nothing is nothing": {"fcos 1.5.0", `{inline: ""}`, `{"compression":"","source":"data:,"}`},
		"much to escape becomes base64": {"fcos 1.5.0", `{inline: "(((([[[[{{{{((((]]]]}}}}\n\n\n\n"}`,
			`{"compression":"","source":"data:;base64,KCgoKFtbW1t7e3t7KCgoKF1dXV19fX19CgoKCg=="}`},
		"what is compressed is not compressed again": {"fcos 1.5.0", `{compression: gzip, inline: "` + strings.Repeat(
			"a", 100) + `"}`, `{"compression":"gzip","source":"data:,` + strings.Repeat("a", 100) + `"}`},
		"no compression of its own is the same as none": {"fcos 1.5.0", `{compression: "", inline: x}`,
			`{"compression":"","source":"data:,x"}`},
		"the first version only escapes": {"fcos 1.0.0", `{inline: "((((\n\n\n\n\n\n\n\n"}`,
			`{"source":"data:,((((%0A%0A%0A%0A%0A%0A%0A%0A"}`},
		"the first OpenShifts do not decompress": {"openshift 4.9.0", `{inline: "` + strings.Repeat("a", 100) + `"}`,
			`{"compression":"","source":"data:,` + strings.Repeat("a", 100) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, `{"storage":{"files":[{"path":"/a","contents":`+c.want+`}]}}`,
				converted(t, c.dialect, "storage: {files: [{path: /a, contents: "+c.contents+"}]}", nil))
		})
	}
	text, err := json.Marshal(long)
	require.NoError(t, err)
	assert.Contains(t, converted(t, "fcos 1.5.0", `storage: {files: [{path: /a, contents: {inline: `+string(text)+
		`}}]}`, nil), `{"compression":"gzip","source":"data:;base64,H4sI`)
}

func TestManyContentsAreMadeAsOneAlone(t *testing.T) {
	var text strings.Builder
	text.WriteString("storage:\n  files:\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "    - path: /f%d\n      contents: {inline: %q}\n", i,
			strings.Repeat(fmt.Sprint("line ", i, "\n"), 60))
	}
	r := translate(t, head(dialect(t, "fcos 1.7.0"))+text.String(), butane.Options{})
	require.Empty(t, r.Problems)
	files := r.Config.Config().Storage.Files
	require.Len(t, files, 3000)
	for i, f := range files {
		assert.Equal(t, "gzip", *f.Contents.Compression)
		assert.Equal(t, fmt.Sprint("/f", i), f.Path)
	}
	assert.NotEqual(t, *files[0].Contents.Source, *files[1].Contents.Source)
}

var site = fstest.MapFS{
	"t/run.sh":    {Data: []byte("x\n"), Mode: 0o755},
	"t/d/conf":    {Data: []byte("c\n"), Mode: 0o600},
	"t/d/link":    {Data: []byte("../run.sh"), Mode: 0o777 | fs.ModeSymlink},
	"t/pipe":      {Mode: 0o600 | fs.ModeNamedPipe},
	"plain/a":     {Data: []byte("a"), Mode: 0o644},
	"id.pub":      {Data: []byte("ssh-rsa BBB b\n\nssh-rsa CCC c\r\n")},
	"x.service":   {Data: []byte("[Unit]\nA=b\n")},
	"bad.ign":     {Data: []byte(`{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "a"}]}}`)},
	"q.container": {Data: []byte("[Container]\n")},
}

func TestLocalFilesAreEmbedded(t *testing.T) {
	assert.Equal(t,
		`{"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["ssh-rsa AAA a","ssh-rsa BBB b","ssh-rsa CCC c"]}]},`+
			`"storage":{"files":[{"path":"/a","contents":{"compression":"","source":"data:,a"}}]},`+
			`"systemd":{"units":[{"contents":"[Unit]\nA=b\n","dropins":[{"contents":"a","name":"b.conf"}],`+
			`"name":"x.service"}]}}`,
		converted(t, "flatcar 1.1.0", `
passwd: {users: [{name: core, ssh_authorized_keys: [ssh-rsa AAA a], ssh_authorized_keys_local: [id.pub]}]}
storage: {files: [{path: /a, contents: {local: /t/../plain/../../files/plain/a}}]}
systemd: {units: [{name: x.service, contents_local: x.service, dropins: [{name: b.conf, contents_local: plain/a}]}]}
`, site))
}

func TestTreesAreEmbedded(t *testing.T) {
	files := fstest.MapFS{}
	for name, f := range site {
		if f.Mode&fs.ModeNamedPipe == 0 {
			files[name] = f
		}
	}
	assert.Equal(t, `{"storage":{"directories":[{"path":"/opt","user":{"id":1000},"mode":488},`+
		`{"path":"/opt/d","user":{"id":1000},"mode":488}],`+
		`"files":[{"path":"/opt/run.sh","contents":{"compression":"","source":"data:,x%0A"},"mode":448},`+
		`{"path":"/opt/d/conf","user":{"id":1000},"contents":{"compression":"","source":"data:,c%0A"},"mode":420}],`+
		`"links":[{"path":"/opt/d/link","user":{"id":1000},"target":"../run.sh"}]}}`,
		converted(t, "fcos 1.7.0", `
storage:
  files: [{path: /opt/run.sh, mode: 0700}]
  trees: [{local: t, path: /opt, user: {id: 1000}, dir_mode: 0750}]
`, files))
	assert.Equal(t, `{"storage":{"files":[{"path":"/a","contents":{"compression":"","source":"data:,a"},"mode":420}]}}`,
		converted(t, "fcos 1.1.0", "storage: {trees: [{local: plain}]}", files))
}

func TestAnOwnerWithoutANameMakesNoFolders(t *testing.T) {
	for _, owner := range []string{"user: {}", "group: {name: ~}"} {
		assert.Equal(t,
			`{"storage":{"files":[{"path":"/a","contents":{"compression":"","source":"data:,a"},"mode":420}]}}`,
			converted(t, "fcos 1.7.0", "storage: {trees: [{local: plain, "+owner+"}]}", site), owner)
	}
}

func TestTheRootDirectoryIsAFolderOfLocalFiles(t *testing.T) {
	text := "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, contents: {local: plain/a}}]}\n"
	assert.Empty(t, translate(t, text, butane.Options{Files: site, FilesDir: "/"}).Problems)
	peers := translate(t, text, butane.Options{Files: site, FilesDir: "/", Peer: true}).Problems
	assert.Equal(t, []string{"3:48 error local-escapes $.storage.files.0.contents.local"}, told(diag.Peer, peers),
		"Butane takes / for no folder at all")
}

func TestWhatIsWrongWithLocalFilesIsSaidAtTheirNames(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		files fs.FS
		want  []string
	}{
		"none are there": {"storage: {files: [{path: /a, contents: {local: b}}]}", nil,
			[]string{"3:48 error no-files-dir $.storage.files.0.contents.local"}},
		"one is not there": {"storage: {files: [{path: /a, contents: {local: b}}]}", site,
			[]string{"3:48 error local-unreadable $.storage.files.0.contents.local"}},
		"one is outside": {"storage: {files: [{path: /a, contents: {local: ../b}}]}", site,
			[]string{"3:48 error local-escapes $.storage.files.0.contents.local"}},
		"a folder for a file": {`storage: {files: [{path: /a, contents: {local: ""}}]}`, site,
			[]string{"3:48 error local-unreadable $.storage.files.0.contents.local"}},
		"a file for a folder": {"storage: {trees: [{local: id.pub}]}", site,
			[]string{"3:27 error local-no-folder $.storage.trees.0.local"}},
		"a pipe in a folder": {"storage: {trees: [{local: t}]}", site,
			[]string{"3:27 error local-kind $.storage.trees.0.local"}},
		"a folder that is not there": {"storage: {trees: [{local: nowhere}]}", site,
			[]string{"3:27 error local-unreadable $.storage.trees.0.local"}},
		"a folder that is outside": {"storage: {trees: [{local: ../b}]}", site,
			[]string{"3:27 error local-escapes $.storage.trees.0.local"}},
		"no folder for several": {"storage: {trees: [{local: a}, {local: b}]}", nil,
			[]string{"3:27 error no-files-dir $.storage.trees.0.local",
				"3:39 error no-files-dir $.storage.trees.1.local"}},
		"a folder that is not named": {"storage: {trees: [{path: /a}]}", site,
			[]string{"3:19 error local-missing $.storage.trees.0"}},
		"a file that is there twice": {"storage: {trees: [{local: plain}, {local: plain}]}", site,
			[]string{"3:35 error node-occupied $.storage.trees.1"}},
		"one of several keys": {"passwd: {users: [{name: core, ssh_authorized_keys_local: [id.pub, b]}]}", site,
			[]string{"3:67 error local-unreadable $.passwd.users.0.ssh_authorized_keys_local.1"}},
		"a key that is there twice": {"passwd: {users: " +
			"[{name: core, ssh_authorized_keys: [ssh-rsa CCC c], ssh_authorized_keys_local: [id.pub]}]}", site,
			[]string{"3:97 error duplicate $.passwd.users.0.ssh_authorized_keys_local.0"}},
		"two contents": {"storage: {files: [{path: /a, contents: {local: b, inline: c}}]}", site,
			[]string{"3:59 error source-twice $.storage.files.0.contents.inline"}},
		"a unit's text from two": {"systemd: {units: [{name: a.service, contents: '', contents_local: b}]}", site,
			[]string{"3:67 error contents-twice $.systemd.units.0.contents_local"}},
		"a config to merge is judged": {"ignition: {config: {merge: [{local: bad.ign}]}}", site,
			[]string{"3:37 error path-relative $.ignition.config.merge.0.local"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := translate(t, "variant: fcos\nversion: 1.5.0\n"+c.text+"\n",
				butane.Options{Files: c.files, FilesDir: "/files"})
			assert.Equal(t, c.want, told(diag.Workstation, r.Problems))
		})
	}
}

func TestConfigsToMergeAreJudgedByTheirOwnVersion(t *testing.T) {
	document := func(inner string) string {
		return "variant: fcos\nversion: 1.6.0\nignition: {config: {merge: [{inline: '" + inner + "'}]}}\n"
	}
	r := translate(t, document(`{"ignition": {"version": "3.2.0"}, "storage": {"files": [{"path": "a"}]}}`),
		butane.Options{})
	assert.Equal(t, []string{"3:105 error path-relative $.ignition.config.merge.0.inline"},
		told(diag.Workstation, r.Problems))
	assert.Contains(t, r.Problems[0].Message, "in the config to merge at $.storage.files.0.path: ")
	require.Len(t, r.Problems[0].Related, 1)
	assert.Equal(t, "the config to merge:1:67", r.Problems[0].Related[0].Place.String())
	r = translate(t, "variant: fcos\nversion: 1.6.0\nignition: {config: {replace: {local: bad.ign}}}\n",
		butane.Options{Files: site, FilesDir: "/files"})
	require.Len(t, r.Problems, 1)
	assert.Equal(t, "bad.ign:1:67", r.Problems[0].Related[0].Place.String())
	assert.Empty(t,
		told(diag.Workstation, translate(t, document(`{"ignition": {"version": "3.2.0"}}`), butane.Options{}).Problems))
	assert.Equal(t, []string{"3:29 warning inline-version $.ignition.config.merge.0.version"}, told(diag.Peer,
		translate(t, document(`{"ignition": {"version": "3.2.0"}}`), butane.Options{Peer: true}).Problems))
}

func TestSecretsOfADocumentAreNotShown(t *testing.T) {
	text := `variant: fcos
version: 1.7.0
passwd: {users: [{name: core, pasword_hash: sesame1, password_hash: sesame2, ssh_authorized_keys: [sesame3, "command=sesameB ssh-ed25519 AAAA me"], uid: [1]}]}
grub: {users: [{name: root, password_hash: sesame4}], extra: sesame5}
storage:
  files:
    - {path: a, contents: {inline: sesame6, source: "https://user:sesame7@h/x"}, other: "sesame8"}
    - path: /b
      contents:
        inline: |
          sesame9
        http_headers: [{name: X, value: sesame0}]
systemd: {units: [{name: a.service, contents: sesameA}]}
`
	r := translate(t, text, butane.Options{})
	require.NotEmpty(t, r.Problems)
	doc := r.Problems[0].Place.Doc
	for offset := range len(text) {
		shown := diag.Style{}.Text(diag.Problem{Place: diag.Place{Doc: doc,
			Span: diag.Span{Start: offset, End: offset + 1}}})
		require.NotContains(t, shown, "sesame")
	}
	for _, p := range r.Problems {
		assert.NotContains(t, diag.Style{}.Text(p), "sesame")
	}
}

// Whatever a document says: nothing panics; there is a config or an error for everybody; every problem lies in the text
// and shows no secret; what comes out is the JSON of a config of the dialect's spec, which reads without warnings and
// comes out the same again; and a MachineConfig holds the same config.
func FuzzTranslate(f *testing.F) {
	for _, seed := range []string{
		"boot_device: {layout: x86_64, luks: {tpm2: true}, mirror: {devices: [/dev/a, /dev/b]}}\n" +
			"storage: {disks: [{device: /dev/a, partitions: [{label: root-1, size_mib: 9000}]}]}\n",
		"grub: {users: [{name: a, password_hash: b}]}\nstorage: {files: [{path: /boot/grub2/user.cfg, mode: 0600}]}\n",
		"storage:\n  filesystems: [{device: /dev/a, format: xfs, path: /var/a b, with_mount_unit: true}]\n  luks: " +
			"[{name: a, device: /dev/b, clevis: {custom: {}}}]\n  links: [{path: /a, target: b}]\n",
		"systemd: {quadlets: [{name: a@b.container, dropins: [{name: c, contents: d}]}, {name: e.pod, contents: f}], " +
			"units: [{name: g.service, contents: \"h\\n\"}]}\n",
		"openshift: {fips: true, kernel_arguments: [a=b]}\nstorage: {luks: [{name: root, device: /dev/a, " +
			"options: [-c, x]}], files: [{path: /a, contents: {inline: \"\\u2028<&>\"}}]}\n",
		"storage: {files: [{path: /a, mode: !!int \"0644\", overwrite: !!bool no, " +
			"contents: {inline: !!binary aGk=}}, {path: !!str 1, mode: 1.5}]}\n",
		"storage: {files: [&a {path: /a, user: {name: b}}, {<<: *a, path: /b}, ~, {append: [{}, ~]}], " +
			"raid: [{name: a}], directories: [{path: /c, mode: 1777}]}\n",
		"ignition: {config: {merge: [{inline: '{\"ignition\":{\"version\":\"3.4.0\"}}'}], replace: {inline: 'x'}}, " +
			"proxy: {http_proxy: http://a}}\npasswd: {users: [{name: core, uid: -5}]}\n",
	} {
		for i := range butane.Dialects() {
			if i%4 == len(seed)%4 {
				f.Add(seed, i, i%2 == 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, which int, peer bool) {
		all := butane.Dialects()
		d := all[max(which, -which)%len(all)]
		root, _ := tree.NewArena().ParseYAML(&diag.Document{Name: "a.bu", Text: head(d) + text})
		if !root.Exists() {
			return
		}
		length := len(root.Document().Text)
		r := butane.Translate(root,
			butane.Options{Files: site, FilesDir: "/files", Peer: peer, Map: true, Rules: rules.Document})
		require.True(t, slices.IsSorted(r.Origins))
		require.True(t, r.Config != nil || diag.Fatal(diag.For(diag.Boot, r.Problems)) || peer &&
			diag.Fatal(diag.For(diag.Peer, r.Problems)))
		for _, p := range r.Problems {
			require.NotEmpty(t, p.Code)
			require.True(t, 0 <= p.Place.Span.Start && p.Place.Span.Start <= p.Place.Span.End &&
				p.Place.Span.End <= length, "%v", p)
			require.NotEmpty(t, diag.Style{}.Text(p)+diag.Line(p)+diag.PeerLine(p))
		}
		if r.Config == nil || diag.Fatal(diag.For(diag.Peer, r.Problems)) {
			return
		}
		require.NotEmpty(t, r.Origins)
		once := r.JSON(false)
		doc, problems := configs.Parse("again", once)
		require.NotNil(t, doc, "%s", once)
		require.Empty(t, problems, "%s", once)
		require.Equal(t, d.Spec, doc.Version)
		require.Equal(t, string(once), string(document.Encode(doc.At("$", tree.Index{}), d.Spec, false)))
		require.JSONEq(t, string(once), string(r.JSON(true)))
		if manifest := r.MachineConfig(); manifest != nil && !peer {
			again, problems := tree.NewArena().ParseYAML(&diag.Document{Text: string(manifest)})
			require.Empty(t, problems, "%s", manifest)
			require.JSONEq(t, string(once), string(document.Encode(again.Get("spec").Get("config"), d.Spec, false)),
				"%s", manifest)
		}
	})
}

func TestATextIsReadAndTranslated(t *testing.T) {
	r := parse("variant: fcos\nversion: 1.7.0\n---\n")
	require.NotNil(t, r.Config)
	assert.Equal(t, []string{"3:1 error yaml-documents $"}, told(diag.Workstation, r.Problems))
	r = parse("variant: [\n")
	assert.Nil(t, r.Config)
	assert.Equal(t, "yaml-syntax", string(r.Problems[0].Code))
}

func TestHintsNameTheVersionOfTheVariant(t *testing.T) {
	for name, want := range map[string]string{
		"fcos 1.6.0":      "set version to 1.7.0, or remove the bits",
		"flatcar 1.1.0":   "set version to 1.2.0-experimental, or remove the bits",
		"openshift 4.8.0": "remove the bits", // later versions refuse them
	} {
		r := translate(t, head(dialect(t, name))+"storage: {files: [{path: /a, mode: 04755, contents: {inline: x}}]}\n",
			butane.Options{})
		require.Len(t, r.Problems, 1)
		assert.Equal(t, want, r.Problems[0].Hint)
	}
}

func TestKeysInMessagesAreThoseOfDocuments(t *testing.T) {
	r := translate(t, "variant: fcos\nversion: 1.7.0\nstorage: {disks: "+
		"[{device: /dev/a, wipe_table: true, partitions: [{number: 1, should_exist: false, label: keyFile}]}], "+
		"filesystems: [{device: /dev/b, format: xfs}]}\n", butane.Options{})
	require.Len(t, r.Problems, 1)
	assert.Equal(t, "keep number, should_exist and wipe_partition_entry only", r.Problems[0].Hint)
}

func TestNumbersOfAnotherBaseAreReadOrNamed(t *testing.T) {
	for mode, want := range map[string]string{
		"0755": "", "0o755": "", "0b11": "", "0x1ff": "", "0": "", "420": "", "4.2e2": "", "0.0": "",
		"0899":   "'8' is no octal digit, so the number is read as the decimal 899",
		"0o688":  "a whole number is expected here, and '8' is no octal digit",
		"-0o9":   "a whole number is expected here, and '9' is no octal digit",
		"0b1012": "a whole number is expected here, and '2' is no binary digit",
		`"0899"`: "a whole number is expected here, not a string",
		"08-09":  "a whole number is expected here, not a string",
	} {
		t.Run(mode, func(t *testing.T) {
			text := "variant: fcos\nversion: 1.7.0\nstorage: {files: [{path: /a, mode: " + mode + "}]}\n"
			var messages []string
			for _, p := range diag.For(diag.Workstation,
				translate(t, text, butane.Options{Rules: rules.Document}).Problems) {
				messages = append(messages, p.Message)
			}
			assert.Equal(t, want, strings.Join(messages, "\n"))
		})
	}
}

func TestAModeThatWasMisreadIsToldOnce(t *testing.T) {
	for mode, want := range map[string]string{
		"644":  "3:36 warning mode-decimal $.storage.files.0.mode",
		"4755": "3:36 error mode-range $.storage.files.0.mode 3:36 warning mode-decimal $.storage.files.0.mode",
		"0899": "3:36 error number-digit $.storage.files.0.mode",
		"1000": "3:36 warning mode-special $.storage.files.0.mode",
	} {
		r := translate(t, "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, mode: "+mode+"}]}\n",
			butane.Options{Rules: rules.Document})
		lines := told(diag.Workstation, r.Problems)
		slices.Sort(lines)
		assert.Equal(t, want, strings.Join(lines, " "), mode)
		for _, p := range r.Problems {
			assert.NotContains(t, p.Hint, "modes are decimal", "which they are not in YAML")
		}
	}
	r := translate(t, "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, mode: 0899}]}\n",
		butane.Options{Rules: rules.Document, Peer: true})
	assert.Equal(t, []string{"3:36 warning mode-special $.storage.files.0.mode"}, told(diag.Peer, r.Problems),
		"the peer reads it so")
}

func TestKeysThatAreNotIndentedAreNamed(t *testing.T) {
	const below, home, known = "belongs below contents: indent it further", "belongs below contents", "known keys are"
	for text, want := range map[string]string{
		"contents:\n    inline: x":                         below,
		"contents: ~\n    source: x\n    verification: {}": below,
		"contents: {}\n    inline: x":                      home,
		"contents:\n    mode: 0644\n    inline: x":         home,
		"contents:\n    frob: x":                           known,
		"<<: {contents: ~}\n    inline: x":                 home,
	} {
		r := translate(t, "variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n  - path: /a\n    "+text+"\n",
			butane.Options{})
		var hints []string
		for _, p := range r.Problems {
			if p.Code == "key-unknown" {
				hints = append(hints, p.Hint)
			}
		}
		require.NotEmpty(t, hints, text)
		for _, hint := range hints {
			assert.Contains(t, hint, want, text)
		}
	}
}

// What is so by itself says nothing in a version that has no key for it.
func TestDefaultsGoWhereAnOlderVersionHasNoKeyForThem(t *testing.T) {
	for text, fits := range map[string]bool{
		`"passwd":{"users":[{"name":"a","shouldExist":true}],"groups":[{"name":"g","shouldExist":true}]}`: true,
		`"passwd":{"users":[{"name":"a","shouldExist":false}]}`:                                           false,
		`"passwd":{"groups":[{"name":"g","shouldExist":false}]}`:                                          false,
		`"storage":{"disks":[{"device":"/dev/a","partitions":[{"number":1,"resize":false}]}]}`:            true,
		`"storage":{"disks":[{"device":"/dev/a","partitions":[{"number":1,"resize":true}]}]}`:             false,
	} {
		root, problem := tree.NewArena().ParseJSON(&diag.Document{Name: "a.ign",
			Text: `{"ignition":{"version":"3.6.0"},` + text + `}`})
		require.Nil(t, problem)
		assert.Equal(t, fits, len(document.Unfit(root, config.V3_1, document.ChooseTo)) == 0, text)
	}
}

// What an excerpt shows is what people look for: all but secrets.
func TestExcerptsShowWhatIsNoSecret(t *testing.T) {
	text := `variant: fcos
version: 1.7.0
passwd: {users: [{name: core, ssh_authorized_keys: [ssh-ed25519 AAAA me], uid: "1", x: true}]}
storage:
  files:
    - {path: [/a], contents: {source: "ftp://user:sesame@h/x?sesame"}, mode: rw-r--r--, user: root, overwrite: maybe}
    - {path: /b, contents: hello, mode: {a: 1}}
ignition: {config: {merge: [{source: 'tftp://h/x#sesame'}]}}
`
	r := translate(t, text, butane.Options{})
	doc := r.Problems[0].Place.Doc
	for line, want := range []string{
		"variant: fcos", "version: 1.7.0",
		`passwd: {users: [{name: core, ssh_authorized_keys: [ssh-ed25519 AAAA me], uid: "1", x: true}]}`, "storage:",
		"  files:",
		`    - {path: [/a], contents: {source: "ftp://[redacted]@h/x?[redacted]"}, mode: rw-r--r--, user: roo…`,
		"    - {path: /b, contents: [redacted], mode: {a: 1}}",
		"ignition: {config: {merge: [{source: 'tftp://h/x#[redacted]'}]}}",
	} {
		at := strings.Index(text, strings.Split(text, "\n")[line])
		shown := diag.Style{}.Text(diag.Problem{Place: diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + 1}}})
		assert.Contains(t, shown, fmt.Sprintf(" %d | %s\n", line+1, want))
	}
}
