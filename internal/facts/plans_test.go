package facts_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"log/slog"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/applies"
	"github.com/glowplug-os/glowplug/tests/configs"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// A machine is what a plan looks at.
type machine struct {
	devices    scene.Scene
	root       target.Whole
	protection func(at string) (root.Protection, error)
}

// plan is the plan of a config as `plan --no-content --format json` tells it, with what is in the way; an error where
// the config is none.
func plan(ctx context.Context, text string, m machine, boot bool) (string, error) {
	q := stages.Question{
		Request: stages.Request{Name: "c.ign", Text: []byte(text), Offline: true,
			Audience: diag.Workstation, Log: slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}},
		Machine: stages.Machine{Root: m.root, Protection: m.protection}, Random: machines.Dice(), Boot: boot,
		Files: files.Options{Accounts: files.MakeAccounts, Enable: !boot, Means: target.Means{
			Image: target.DefaultImage(), Identity: target.Identity{Privileged: true}}},
	}
	if m.devices != nil {
		q.Devices = func(config.Storage) (scene.Scene, error) { return m.devices, nil }
	}
	p, _, err := stages.Foretell(ctx, q)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = p.WriteJSON(&b)
	return b.String(), err
}

// record plans a config on a machine, and gives the plan and the facts as they are written.
func record(t *testing.T, text string, cfg *config.Config, m machine, boot bool) (string, []byte) {
	t.Helper()
	r, err := facts.NewRecorder(cfg, circumstances(), machines.Dice())
	require.NoError(t, err)
	seen := machine{root: r.Root(m.root)}
	if m.protection != nil {
		seen.protection = r.Protection(m.protection)
	}
	if m.devices != nil {
		seen.devices = r.Scene(m.devices)
	}
	told, err := plan(t.Context(), text, seen, boot)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, r.Document().Write(&b))
	return told, b.Bytes()
}

// replay plans a config on facts.
func replay(t *testing.T, text string, cfg *config.Config, noted []byte, boot bool) (told string, lacks []string) {
	t.Helper()
	doc, err := facts.Parse(noted)
	require.NoError(t, err)
	r := facts.NewReplay(doc, wanted(t, cfg))
	told, err = plan(t.Context(), text, machine{r.Scene(), r.Root(), r.Protection}, boot)
	require.NoError(t, err)
	return told, r.Lacks()
}

// circumstances are those of root, on an image whose builder has decided nothing.
func circumstances() (c facts.Circumstances) {
	c.Of(target.Identity{Privileged: true}, target.DefaultImage())
	return c
}

func wanted(t *testing.T, cfg *config.Config) *facts.Wanted {
	t.Helper()
	w, err := facts.WantedOf(cfg)
	require.NoError(t, err)
	return w
}

// configOf is a config by its text.
func configOf(t *testing.T, text string) *config.Config {
	t.Helper()
	doc, _ := configs.Parse("c.ign", []byte(text))
	require.NotNil(t, doc)
	return doc.Config()
}

// A closed root has files that not everybody may read, and directories that not everybody may enter, by their names.
type closed struct{ trees.Fake }

func (c closed) hide(name string, f root.Facts) root.Facts {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	switch n := sum.Sum32(); {
	case f.Kind == root.File && (n%3 == 0 || strings.Contains(name, "shadow")):
		f.Mode = 0o600
	case f.Kind == root.Directory && n%4 == 0 && name != "/":
		f.Mode = 0o700
	}
	return f
}

func (c closed) Lstat(at string) (root.Facts, error) {
	f, err := c.Fake.Lstat(at)
	return c.hide(path.Base(at), f), err
}

func (c closed) Through(at string, visit func(root.Node) error) error {
	return c.Fake.Through(at, func(n root.Node) error {
		n.Facts = c.hide(n.Name, n.Facts)
		return visit(n)
	})
}

// ReadFile follows links, which a Fake does not.
func (c closed) ReadFile(name string, limit int64) ([]byte, error) {
	at, err := target.Follow(c, name)
	if err != nil {
		return nil, err
	}
	return c.Fake.ReadFile(at, limit)
}

// protected: some paths are.
func protected(at string) (root.Protection, error) {
	return root.Protection{Immutable: strings.HasSuffix(at, "e"), AppendOnly: strings.HasSuffix(at, "n")}, nil
}

// A sparse disk is zeros, but for pages that are written.
type sparse map[int64][]byte

const pageBytes = 4096

func (s sparse) each(p []byte, at int64, do func(part []byte, page int64, from int)) (int, error) {
	for done := 0; done < len(p); {
		page, from := (at+int64(done))/pageBytes, int((at+int64(done))%pageBytes)
		n := min(len(p)-done, pageBytes-from)
		do(p[done:done+n], page, from)
		done += n
	}
	return len(p), nil
}

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	return s.each(p, at, func(part []byte, page int64, from int) {
		clear(part)
		if have, is := s[page]; is {
			copy(part, have[from:])
		}
	})
}

func (s sparse) WriteAt(p []byte, at int64) (int, error) {
	return s.each(p, at, func(part []byte, page int64, from int) {
		if s[page] == nil {
			s[page] = make([]byte, pageBytes)
		}
		copy(s[page][from:], part)
	})
}

func (sparse) Sync() error { return nil }

// disksOf are the disks that a config needs: blank, with partitions, with a filesystem.
func disksOf(t *testing.T, cfg *config.Config, fill int) scene.Scene {
	t.Helper()
	all := scene.Images{}
	for i, d := range applies.Disks(cfg) {
		disk := sparse{}
		switch (i + fill) % 3 {
		case 1:
			require.NoError(t, machines.Table(t, d.MiB, machines.Part(1, 1, 10, "root"),
				machines.Part(2, 20, 10, "old \\ \xc3\xa4")).WriteTo(disk))
			_, _ = disk.WriteAt(machines.Ext4("in\xff"), 20<<20+1024)
		case 2:
			_, _ = disk.WriteAt(machines.Ext4("data"), 1024)
		}
		all[d.Path] = scene.Image{ReaderAt: disk, Size: d.MiB << 20}
	}
	return all.Scene()
}

// The plan of the very config that facts were taken for is the same on them as on the machine.
func TestAPlanOnFactsIsThePlanOnTheMachine(t *testing.T) {
	t.Parallel()
	planned, secret := 0, 0
	for i, c := range applies.Share(applies.Generate(), 60) {
		doc, _ := configs.Parse("c.ign", []byte(c.Text))
		if doc == nil {
			continue
		}
		cfg := doc.Config()
		for k, kind := range applies.Kinds() {
			view := closed{trees.Fake(applies.Suiting(cfg, kind))}
			boot := (i+k)%2 == 0
			m := machine{disksOf(t, cfg, i+k), view, protected}
			want, err := plan(t.Context(), c.Text, m, boot)
			if err != nil {
				break // no config that is planned
			}
			planned++
			told, noted := record(t, c.Text, cfg, machine{disksOf(t, cfg, i+k), view, protected}, boot)
			require.Equal(t, want, told, "recording changes nothing: %s", c.Text)
			got, lacks := replay(t, c.Text, cfg, noted, boot)
			require.Empty(t, lacks, "%s: %s", c.Name, c.Text)
			require.Equal(t, want, got, "%s on a %s root: %s", c.Name, kind, c.Text)
			if bytes.Contains(noted, []byte(`"answers"`)) {
				secret++
			}
		}
	}
	assert.Greater(t, planned, 300)
	assert.Greater(t, secret, 10)
}

const secretsConfig = `{"ignition": {"version": "3.5.0"},
	"passwd": {"users": [{"name": "core", "passwordHash": "$6$wanted$hash",
			"sshAuthorizedKeys": ["ssh-rsa SECRETKEY a"]},
		{"name": "other", "passwordHash": "$6$new$hash"}, {"name": "locked", "passwordHash": "$6$locked$hash"}],
		"groups": [{"name": "g", "passwordHash": "$6$group$hash"}]},
	"storage": {"luks": [{"name": "data", "device": "/dev/vda"}], "files": [
		{"path": "/etc/private0", "overwrite": true, "mode": 384, "contents": {"source": "data:,SECRETFILE"}},
		{"path": "/etc/private1", "overwrite": true, "mode": 384, "contents": {"source": "data:,SECRETOTHER"}},
		{"path": "/etc/within/f", "overwrite": true, "contents": {"source": "data:,SECRETWITHIN"}},
		{"path": "/etc/digest", "overwrite": true, "mode": 384, "contents": {"source": "data:,SECRETSUM",
			"verification": {"hash": "sha256-%s"}}},
		{"path": "/etc/grows", "mode": 384, "append": [{"source": "data:,SECRETEND"}]}]},
	"systemd": {"units": [{"name": "a.service", "contents": "[Service]\nEnvironment=SECRETUNIT\n", "enabled": true}]}}`

// hidden is a root some files of which only root may read.
type hidden struct{ trees.Fake }

func (h hidden) Lstat(at string) (root.Facts, error) {
	f, err := h.Fake.Lstat(at)
	for _, each := range []string{"/etc/shadow", "/etc/gshadow", "/etc/private", "/etc/digest", "/etc/grows",
		"/etc/crypttab", "/etc/.glowplug/", "/home/core/.ssh/authorized_keys", "/etc/systemd/system/a.service"} {
		if strings.HasPrefix(at, each) && f.Kind == root.File {
			f.Mode = 0o600
		}
	}
	if at == "/etc/within" {
		f.Mode = 0o710
	}
	return f, err
}

// startSum is the digest of what /etc/grows was.
func startSum() string { return fmt.Sprintf("%x", sha256.Sum256([]byte("SECRETSTART"))) }

func secretRoot() hidden {
	return hidden{trees.Fake{
		"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\ncore:x:1000:1000::/home/core:/bin/sh\n" +
			"plain:$1$SECRETPLAIN:1001:1001::/:/bin/sh\n",
		"/etc/passwd-": "root:x:0:0:root:/root:/bin/sh\ncore:SECRETBACKUP:1000:1000::/home/core:/bin/sh\n",
		"/etc/group":   "root:x:0:\ncore:x:1000:\ng:x:55:\n", "/etc/gshadow": "root:*::\ng:$6$SECRETGROUP::\n",
		"/etc/shadow": "root:$6$SECRETROOT:1::::::\ncore:$6$wanted$hash:1::::::\nother:!$6$SECRETOLD:2::::::\n" +
			"locked:!$6$locked$hash:2::::::\nSECRETLINE\n",
		"/etc/private0": "SECRETFILE", "/etc/private1": "SECRETWAS", "/etc/within/f": "SECRETWITHIN",
		"/etc/digest": "SECRETSUM", "/etc/grows": "SECRETSTARTSECRETEND",
		"/etc/crypttab": "data UUID=1 none luks\nfar UUID=2 /SECRETPATH luks\n",
		"/etc/.glowplug/appended.json": `{"version":1,"files":{"/etc/grows":
{"size":11,"sha256":"` + startSum() + `"}}}`,
		"/home/core/.ssh/authorized_keys":       "ssh-rsa SECRETKEY a\n",
		"/etc/systemd/system/a.service":         "[Service]\nEnvironment=SECRETOLDUNIT\n",
		"/var/lib/dpkg/status":                  "Package: passwd\nVersion: 1:4.13\n\nPackage: a\nSECRET: a\n",
		"/home/core/.ssh/authorized_keys.d/ign": "",
	}}
}

func TestNoSecretIsInFacts(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(secretsConfig, strings.Repeat("0", 64))
	for _, boot := range []bool{true, false} {
		m := machine{scene.Images{"/dev/vda": {ReaderAt: sparse{}, Size: 64 << 20}}.Scene(), secretRoot(), protected}
		want, noted := record(t, text, configOf(t, text), m, boot)
		for _, secret := range []string{"SECRET", "$6$", "$1$", startSum()} {
			assert.NotContains(t, string(noted), secret)
		}
		got, lacks := replay(t, text, configOf(t, text), noted, boot)
		assert.Empty(t, lacks)
		assert.Equal(t, want, got)
	}
}

func TestAnotherConfigIsNotKnownWhereSecretsDecide(t *testing.T) {
	t.Parallel()
	const files = `{"ignition": {"version": "3.5.0"}, "storage": {"files": [
		{"path": "%s", "overwrite": true, "mode": %d, "contents": {"source": "data:,%s"}}]}}`
	for claim, test := range map[string]struct {
		before, now string
		lacks       []string
	}{
		"a file that everybody may read": {fmt.Sprintf(files, "/etc/passwd-", 420, "a"),
			fmt.Sprintf(files, "/etc/group", 420, "b"), []string{"what is at /etc/group"}},
		"another content of a private file": {fmt.Sprintf(files, "/etc/private0", 384, "a"),
			fmt.Sprintf(files, "/etc/private0", 384, "SECRETFILE"),
			[]string{"how /etc/private0 compares with $.storage.files.0"}},
		"another content of a public file": {fmt.Sprintf(files, "/usr/public", 420, "a"),
			fmt.Sprintf(files, "/usr/public", 420, "text"), nil},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			view := secretRoot()
			view.Fake["/usr/public"] = "text"
			_, noted := record(t, test.before, configOf(t, test.before), machine{root: view}, false)
			_, lacks := replay(t, test.now, configOf(t, test.now), noted, false)
			assert.Subset(t, lacks, test.lacks)
			assert.Equal(t, len(test.lacks) > 0, len(lacks) > 0, "%v", lacks)
		})
	}
}

// Whatever a document says, it is refused, or planned on.
func FuzzAnyDocumentIsPlannedOn(f *testing.F) {
	text := fmt.Sprintf(secretsConfig, strings.Repeat("0", 64))
	doc, _ := configs.Parse("c.ign", []byte(text))
	cfg := doc.Config()
	r, err := facts.NewRecorder(cfg, circumstances(), machines.Dice())
	require.NoError(f, err)
	devices := scene.Images{"/dev/vda": {ReaderAt: sparse{}, Size: 64 << 20}}.Scene()
	m := machine{r.Scene(devices), r.Root(secretRoot()), r.Protection(protected)}
	_, err = plan(f.Context(), text, m, true)
	require.NoError(f, err)
	var b bytes.Buffer
	require.NoError(f, r.Document().Write(&b))
	f.Add(b.Bytes())
	f.Add([]byte(`{"version": 1, "circumstances": {"image": {"accountBackend": "native",
		"selinuxRelabel": "auto"}}, "devices": {}, "root": {}}`))
	f.Fuzz(func(t *testing.T, noted []byte) {
		doc, err := facts.Parse(noted)
		if err != nil {
			return
		}
		r := facts.NewReplay(doc, wanted(t, cfg))
		m := machine{root: r.Root(), protection: r.Protection}
		if devices := r.Scene(); devices != nil {
			m.devices = devices
		}
		_, err = plan(t.Context(), text, m, true)
		require.NoError(t, err)
	})
}
