package providers

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A world is what a machine would answer.
type world struct {
	env, files, urls map[string]string
	drives           map[Drive]string // nil: cannot be read
}

var errBroken = errors.New("input/output error")

func (w world) machine() Machine {
	m := Machine{
		Getenv: func(name string) string { return w.env[name] },
		ReadFile: func(path string) ([]byte, error) {
			text, ok := w.files[path]
			switch {
			case !ok:
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			case text == "BROKEN":
				return nil, errBroken
			}
			return []byte(text), nil
		},
		Get: func(_ context.Context, url string) ([]byte, error) {
			if text, ok := w.urls[url]; ok {
				return []byte(text), nil
			}
			return nil, errBroken
		},
	}
	if w.drives != nil {
		m.Labelled = func(label string) (string, error) { return "/dev/" + label, nil }
		m.Mount = func(_ context.Context, device, _ string, use func(fs.FS) error) error {
			files := fstest.MapFS{}
			for d, text := range w.drives {
				if "/dev/"+d.Label == device {
					files[strings.TrimPrefix(d.Path, "/")] = &fstest.MapFile{Data: []byte(text)}
				}
			}
			return use(files)
		}
	}
	return m
}

func TestFindKnowsExactIDsOnly(t *testing.T) {
	for id, known := range map[string]bool{"file": true, "metal": true, "": false, "File": false, "metal ": false,
		"linode": false} {
		p, ok := Find(id)
		assert.Equal(t, known, ok, id)
		if known {
			assert.Equal(t, id, p.ID)
		}
	}
}

// The ids are a contract with images: Ignition's, and those beside them.
func TestTheIDsAreIgnitionsAndThoseBeside(t *testing.T) {
	ids := strings.Fields(`akamai aliyun applehv aws azure azurestack brightbox cloudstack digitalocean exoscale file gcp hetzner hyperv ibmcloud kubevirt metal
		nutanix nvidiabluefield openstack oraclecloud packet powervs proxmoxve qemu scaleway upcloud virtualbox vmware vultr zvm`)
	beside := strings.Fields("configdrive ionoscloud lxd maas nocloud opennebula outscale smartos stackit systemd " +
		"tencentcloud")
	var got []string
	for _, p := range All() {
		got = append(got, p.ID)
		assert.Equal(t, slices.Contains(beside, p.ID), p.shared,
			"%s: user data that is cloud-init's is no config beside Ignition's platforms alone", p.ID)
		assert.Equal(t, p.ID == "packet", p.Reports(), p.ID)
		assert.Equal(t, p.ID == "virtualbox" || p.ID == "vmware", p.Removes(), p.ID)
	}
	assert.ElementsMatch(t, slices.Concat(ids, beside), got)
}

func TestTheTableIsInOrderAndComplete(t *testing.T) {
	all := All()
	assert.True(t, slices.IsSortedFunc(all, func(a, b Platform) int { return strings.Compare(a.ID, b.ID) }))
	for _, p := range all {
		assert.NotEmpty(t, p.Name, p.ID)
		assert.NotEmpty(t, p.Source, p.ID)
		assert.Contains(t, []Network{NeedsNetwork, NoNetwork, MayNeedNetwork}, p.Network, p.ID)
		assert.NotNil(t, p.config, p.ID)
	}
}

func TestUserConfig(t *testing.T) {
	dirs := []string{"/run/ignition", "/etc/ignition", "/usr/lib/ignition"}
	for name, test := range map[string]struct {
		files map[string]string
		want  string
		found bool
		err   error
	}{
		"no file":      {nil, "", false, nil},
		"the only one": {map[string]string{"/usr/lib/ignition/user.ign": "u"}, "u", true, nil},
		"the first of several": {map[string]string{"/usr/lib/ignition/user.ign": "u", "/etc/ignition/user.ign": "e",
			"/run/ignition/user.ign": "r"}, "r", true, nil},
		"an empty one hides those after it": {map[string]string{"/usr/lib/ignition/user.ign": "u",
			"/etc/ignition/user.ign": ""}, "", true, ErrNone},
		"a broken one is an error": {map[string]string{"/usr/lib/ignition/user.ign": "u",
			"/etc/ignition/user.ign": "BROKEN"}, "", true, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			d, found, err := UserConfig(dirs, world{files: test.files}.machine().ReadFile)
			assert.Equal(t, test.found, found)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.want, string(d.Text))
		})
	}
}

func TestParseCommandLine(t *testing.T) {
	const both = argURL + " is given: " + argDevice + " and " + argPath + " are ignored"
	for name, test := range map[string]struct {
		text string
		want CommandLine
		err  string
	}{
		"nothing":       {"root=/dev/vda1 quiet\n", CommandLine{}, ""},
		"an empty line": {"", CommandLine{}, ""},
		"a URL":         {"quiet ignition.config.url=http://h/c?a=b rw\n", CommandLine{URL: "http://h/c?a=b"}, ""},
		"the last URL counts": {"ignition.config.url=http://a/ ignition.config.url=http://b/",
			CommandLine{URL: "http://b/"}, ""},
		"an empty URL does not": {"ignition.config.url=http://a/ ignition.config.url= ignition.config.url",
			CommandLine{URL: "http://a/"}, ""},
		"one that is none is an error": {"ignition.config.url=http://a/ ignition.config.url=http://u:secret%@h/",
			CommandLine{}, "ignition.config.url: "},
		"unless a later one counts": {"ignition.config.url=http://u:secret%@h/ ignition.config.url=http://a/",
			CommandLine{URL: "http://a/"}, ""},
		"a URL without a scheme": {"ignition.config.url=127.0.0.1:8099/web.ign", CommandLine{},
			"ignition.config.url: "},
		"a path for a URL": {"ignition.config.url=/web.ign", CommandLine{},
			"ignition.config.url: a source must be a whole URL"},
		"a name for a URL": {"ignition.config.url=web.ign", CommandLine{},
			"ignition.config.url: a source must be a whole URL"},
		"a name and a port for a URL": {"ignition.config.url=localhost:80/web.ign", CommandLine{},
			"ignition.config.url: not a scheme"},
		"a scheme that none can fetch": {"ignition.config.url=ftp://h/web.ign", CommandLine{},
			"the scheme ftp is not one"},
		"a URL without a host": {"ignition.config.url=http:/web.ign", CommandLine{},
			"ignition.config.url: the URL names no host"},
		"a URL before half a drive in vain": {"ignition.config.url=x ignition.config.device=A", CommandLine{},
			"ignition.config.url: "},
		"quotes go":                     {`ignition.config.url="http://a/"`, CommandLine{URL: "http://a/"}, ""},
		"around all of an argument too": {`"ignition.config.url=http://a/" ro`, CommandLine{URL: "http://a/"}, ""},
		"a drive with blanks": {`ignition.config.device="A B" "ignition.config.path=/c d.ign"`,
			CommandLine{Drive: Drive{"A B", "/c d.ign"}}, ""},
		"what is in quotes is no argument": {`x="a ignition.config.url=http://a/ b"`, CommandLine{}, ""},
		"quotes with nothing in them":      {`ignition.config.url="" ignition.config.path=''`, CommandLine{}, ""},
		"another key with the same start": {"ignition.config.url2=http://a/ xignition.config.url=http://a/",
			CommandLine{}, ""},
		"a drive": {"ignition.config.device=CONF ignition.config.path=a/c.ign",
			CommandLine{Drive: Drive{"CONF", "/a/c.ign"}}, ""},
		"a path cannot leave the drive": {"ignition.config.device=CONF ignition.config.path=/a/../../c.ign",
			CommandLine{Drive: Drive{"CONF", "/c.ign"}}, ""},
		"the last of a drive counts": {"ignition.config.device=A ignition.config.path=/a ignition.config.device=B " +
			"ignition.config.path=/b", CommandLine{Drive: Drive{"B", "/b"}}, ""},
		"a device alone": {"ignition.config.device=CONF", CommandLine{},
			"ignition.config.device needs ignition.config.path"},
		"a path alone": {"ignition.config.path=/c ignition.config.device=", CommandLine{},
			"ignition.config.path needs ignition.config.device"},
		"a path for a label": {"ignition.config.device=/dev/vdb ignition.config.path=/c", CommandLine{},
			"a label of a filesystem is meant"},
		"the folder above for a label": {"ignition.config.device=.. ignition.config.path=/c", CommandLine{},
			"a label of a filesystem is meant"},
		"a URL before a drive": {"ignition.config.device=A ignition.config.path=/a ignition.config.url=http://a/",
			CommandLine{URL: "http://a/", Notes: []string{both}}, ""},
		"a URL before half a drive": {"ignition.config.device=A ignition.config.url=http://a/",
			CommandLine{URL: "http://a/", Notes: []string{both}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseCommandLine(test.text)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestTheFirstSourceWithASayWins(t *testing.T) {
	full := world{
		urls:   map[string]string{"http://a/": "url", "http://empty/": ""},
		files:  map[string]string{"/etc/ignition/user.ign": "user", "config.ign": "platform"},
		drives: map[Drive]string{{"CONF", "/c"}: "drive"},
	}
	bare := world{files: map[string]string{"config.ign": "platform"}}
	for name, test := range map[string]struct {
		world      world
		line       string
		want, from string
		err        string
	}{
		"a URL before user.ign": {full, "ignition.config.url=http://a/", "url", "cmdline", ""},
		"a drive before user.ign": {full, "ignition.config.device=CONF ignition.config.path=c", "drive", "cmdline",
			""},
		"user.ign before the platform": {full, "quiet", "user", "system", ""},
		"the platform at last":         {bare, "", "platform", "file", ""},
		"an unparseable URL ends the search": {full, "ignition.config.url=http://u:secret%@h/", "", "cmdline",
			"kernel command line: ignition.config.url: "},
		"an empty answer ends the search": {full, "ignition.config.url=http://empty/", "", "cmdline", ErrNone.Error()},
		"a URL that fails ends the search": {full, "ignition.config.url=http://b/", "", "cmdline",
			"input/output error"},
		"a drive without the file": {full, "ignition.config.device=CONF ignition.config.path=d", "", "cmdline",
			"not exist"},
		"a drive where none can be read": {bare, "ignition.config.device=CONF ignition.config.path=d", "", "cmdline",
			`the device with the label "CONF": this version cannot read configs from devices`},
		"half a drive ends the search": {bare, "ignition.config.device=CONF", "", "cmdline",
			"kernel command line: ignition.config.device needs"},
		"a platform without a file is an error": {world{}, "", "", "file", "platform file: open config.ign"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			file, _ := Find("file")
			s := Sources{CommandLine: test.line, Dirs: []string{"/run/ignition", "/etc/ignition"}, Platform: file}
			d, from, err := s.Config(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), test.world.machine())
			assert.Equal(t, test.from, from)
			assert.NotContains(t, log.String(), "secret")
			assert.Empty(t, log.String())
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, string(d.Text))
		})
	}
}

// Invariants: no panic; a drive is whole or absent, and its path stays on it; a URL is one that parses.
func FuzzParseCommandLine(f *testing.F) {
	f.Add("ignition.config.url=http://a/ quiet")
	f.Add("ignition.config.device=A ignition.config.path=../../b")
	f.Add("ignition.config.url=% ignition.config.path")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCommandLine(text)
		if err != nil {
			require.Zero(t, c.Drive)
			return
		}
		require.Equal(t, c.Drive.Label == "", c.Drive.Path == "")
		require.NotContains(t, c.Drive.Label, "/")
		require.NotContains(t, strings.Split(c.Drive.Path, "/"), "..")
		require.False(t, c.URL != "" && c.Drive != Drive{})
	})
}
