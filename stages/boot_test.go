package stages

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/providers"
	"github.com/glowplug-os/glowplug/stages/files"
)

// A machine is a folder with what a boot needs.
type machine struct {
	dir      string
	log      bytes.Buffer
	shown    []string      // on the consoles
	patience time.Duration // of fetching the config
	limited  bool          // and of what it refers to
	network  bool          // the image wants it for the report
}

func newMachine(t *testing.T, text string) *machine {
	m := &machine{dir: t.TempDir(), patience: time.Minute}
	for _, name := range []string{"root", "run"} {
		require.NoError(t, os.Mkdir(filepath.Join(m.dir, name), 0o755))
	}
	m.write(t, "cmdline", "")
	m.write(t, "config.ign", text)
	return m
}

func (m *machine) write(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join(m.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	write(t, at, text, 0o644)
}

// write writes a file, perhaps a script. No program is started meanwhile by a test beside this one: it would have the
// file open for writing until it is executed, and such a file is not executed itself (execve(2), ETXTBSY).
func write(t *testing.T, at, text string, mode os.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(at, []byte(text), mode))
}

func (m *machine) paths() handoff.Paths {
	return handoff.Paths{Config: filepath.Join(m.dir, "run/ignition.json"),
		State: filepath.Join(m.dir, "run/ignition/state"), NeedNet: filepath.Join(m.dir, "run/ignition/neednet")}
}

func (m *machine) stage(ctx context.Context, name string) error {
	platform, _ := providers.Find("file")
	return Run(ctx, Boot{
		Stage: name, Platform: platform, Root: filepath.Join(m.dir, "root"), Paths: m.paths(),
		Dirs:        []string{filepath.Join(m.dir, "etc")},
		CommandLine: filepath.Join(m.dir, "cmdline"), FetchTimeout: m.patience, FetchLimited: m.limited,
		Log: slog.New(slog.NewTextHandler(&m.log, nil)),
		Identity: target.Identity{Privileged: os.Geteuid() == 0, UID: uint32(os.Geteuid()),
			Groups: []uint32{uint32(os.Getegid())}},
		Getenv: func(string) string { return filepath.Join(m.dir, "config.ign") },
		Show:   func(line string) { m.shown = append(m.shown, line) }, Network: m.network,
	})
}

// cache is the config that was handed over.
func (m *machine) cache(t *testing.T) (cfg struct{ Ignition config.Ignition }) {
	t.Helper()
	text, err := os.ReadFile(m.paths().Config)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cfg))
	return cfg
}

func TestStagesComeInTheOrderOfABoot(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"fetch-offline", "fetch", "kargs", "disks", "mount", "files", "umount"}, Names())
	require.EqualError(t, Run(t.Context(), Boot{Stage: "polish"}), `there is no stage "polish"`)
}

// A certificate authority is needed to reach a server, and is fetched from another one that is gone once the config has
// been handed over.
func TestAuthoritiesAreHandedOverWithTheConfig(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "secure") }))
	defer secure.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	asked := 0
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("X-Token") != "letmein" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		z := gzip.NewWriter(w)
		_, _ = z.Write(bundle)
		_ = z.Close()
	}))
	defer plain.Close()
	hash := fmt.Sprintf("sha256-%x", sha256.Sum256(bundle))
	m := newMachine(t, fmt.Sprintf(`{
		"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 5}, "security": {"tls": {"certificateAuthorities": [
			{"source": %q, "compression": "gzip", "httpHeaders": [{"name": "X-Token", "value": "letmein"}], "verification": {"hash": %q}}]}}},
		"storage": {"files": [{"path": "/secure", "contents": {"source": %q}}]}}`, plain.URL, hash, secure.URL))
	require.NoError(t, m.stage(t.Context(), "fetch"))
	plain.Close()

	authorities := m.cache(t).Ignition.Security.TLS.CertificateAuthorities
	require.Len(t, authorities, 1)
	assert.Equal(t, "data:;base64,"+base64.StdEncoding.EncodeToString(bundle), *authorities[0].Source)
	assert.Nil(t, authorities[0].Compression)
	assert.Empty(t, authorities[0].HTTPHeaders)
	assert.Equal(t, hash, *authorities[0].Verification.Hash)
	assert.Equal(t, 1, asked, "it is fetched once")

	require.NoError(t, m.stage(t.Context(), "files"))
	got, err := os.ReadFile(filepath.Join(m.dir, "root/secure"))
	require.NoError(t, err)
	assert.Equal(t, "secure", string(got))
}

// The config needs no network, and the image wants it all the same.
func TestTheNetworkComesUpForTheReport(t *testing.T) {
	t.Parallel()
	m := newMachine(t, `{"ignition": {"version": "3.4.0"}}`)
	require.NoError(t, m.stage(t.Context(), "fetch-offline"))
	require.NoFileExists(t, m.paths().NeedNet)
	m.network = true
	require.NoError(t, m.stage(t.Context(), "fetch-offline"))
	require.FileExists(t, m.paths().NeedNet)
	require.FileExists(t, m.paths().Config, "the config itself is there")
}

// The cache is a contract with other programs of the image, so it is Ignition's to the byte, which loses these on the
// way from 3.4.0; and the network would have to come up for what the config says.
func TestAnAdvertisementOf340IsHandedOverBesideTheCache(t *testing.T) {
	t.Parallel()
	const said = `{"payload":"e30"}`
	clevis := func(version string) string {
		return fmt.Sprintf(
			`{"ignition": {"version": %q}, "storage": {"luks": [{"name": "data", "device": "/dev/glowplug-none",
			"clevis": {"tang": [{"url": "http://t", "thumbprint": "x", "advertisement": %q}]}}]}}`, version, said)
	}
	for version, cached := range map[string]bool{"3.4.0": false, "3.5.0": true} {
		m := newMachine(t, clevis(version))
		require.NoError(t, m.stage(t.Context(), "fetch-offline"))
		require.NoFileExists(t, m.paths().NeedNet)
		text, err := m.paths().LoadConfig()
		require.NoError(t, err)
		assert.Equal(t, cached, strings.Contains(string(text), "payload"), "at %s: %s", version, text)

		state, err := m.paths().LoadState()
		require.NoError(t, err)
		later := run{Boot: Boot{Paths: m.paths()}, state: state, loader: load.Loader{Arena: tree.NewArena()},
			fetch: fetcher{Client: fetch.New(slog.New(slog.DiscardHandler), "")}}
		require.NoError(t, later.reread(t.Context()))
		tang := later.user.Config().Storage.Luks[0].Clevis.Tang[0]
		require.NotNil(t, tang.Advertisement, version)
		assert.Equal(t, said, *tang.Advertisement)
	}
}

func TestTheNetworkIsAskedForWhereAPartNeedsIt(t *testing.T) {
	t.Parallel()
	for part, want := range map[string]string{
		`"ignition": {}`: "",
		`"storage": {"files": [{"path": "/a", "contents": {"source": "data:,a"}}, ` +
			`{"path": "/b", "append": [{"source": "data:,b"}]}, {"path": "/c", "contents": {"source": ""}}]}`: "",
		`"storage": {"files": ` +
			`[{"path": "/a"}, {"path": "/b", "contents": {"source": "http://h/"}}]}`: "$.storage.files.1",
		`"storage": {"files": ` +
			`[{"path": "/b", "append": [{"source": "data:,a"}, {"source": "s3://b/k"}]}]}`: "$.storage.files.0",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "keyFile": {"source": ` +
			`"data:,k"}}]}`: "",
		`"storage": {"luks": ` +
			`[{"name": "a", "device": "/dev/a", "keyFile": {"source": "tftp://h/k"}}]}`: "$.storage.luks.0",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"tpm2": true}}]}`: "",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"tang": [{"url": "http://t", ` +
			`"thumbprint": "x"}]}}]}`: "$.storage.luks.0",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"tang": [{"url": "http://t", ` +
			`"thumbprint": "x", "advertisement": ""}]}}]}`: "$.storage.luks.0",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"tang": ` +
			`[{"url": "http://t", "thumbprint": "x", "advertisement": "{}"}]}}]}`: "",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"custom": {"pin": "sss", "config": "{}", ` +
			`"needsNetwork": true}}}]}`: "$.storage.luks.0",
		`"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"custom": {"pin": "sss", "config": "{}", ` +
			`"needsNetwork": false}}}]}`: "",
		`"ignition": {"security": {"tls": {"certificateAuthorities": ` +
			`[{"source": "data:,a"}, {"source": "gs://b/o"}]}}}`: "$.ignition.security.tls.certificateAuthorities.1",
		`"ignition": {"config": {"merge": [{"source": "data:,a"}, ` +
			`{"source": "http://h/"}]}}`: "$.ignition.config.merge.1",
		`"ignition": {"config": {"replace": ` +
			`{"source": "https://h/"}}}`: "$.ignition.config.replace",
	} {
		text := `{"ignition": {"version": "3.5.0"}, ` + part + `}`
		if rest, ok := strings.CutPrefix(part, `"ignition": {`); ok {
			text = strings.Replace(`{"ignition": {"version": "3.5.0", `+rest+`}`, `", }`, `"}`, 1)
		}
		read := load.Read(tree.NewArena(), "x", text)
		require.NotNil(t, read.Config, text)
		require.False(t, diag.Fatal(diag.For(diag.Peer, read.Problems)), "%s %v", text, read.Problems)
		assert.Equal(t, want, NeedsNetwork(read.Config.Config()), text)
	}
}

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{0: 0, 1: time.Second, 600: 10 * time.Minute, -1: 1,
		1 << 62: 100 * 365 * 24 * time.Hour} {
		assert.Equal(t, want, seconds(&n, time.Hour), n)
	}
	assert.Equal(t, time.Hour, seconds(nil, time.Hour))
	assert.Equal(t, fetch.DefaultResponseHeader, settings(config.Ignition{}, 0, 0).ResponseHeader)
	assert.Zero(t, settings(config.Ignition{}, 0, 0).Total)
	assert.Equal(t, time.Minute, settings(config.Ignition{}, time.Minute, 0).Total,
		"the limit of the boot holds where the config has none")
	assert.Equal(t, time.Minute, settings(config.Ignition{}, 0, time.Minute).Idle)
	for _, n := range []int{0, 1} {
		own := config.Ignition{}
		own.Timeouts.HTTPTotal = &n
		assert.Zero(t, settings(own, 0, time.Minute).Idle, "httpTotal: %d is the config's word", n)
	}
}

func TestWhatWasFetchedIsRecordedOnceHoweverOftenStagesRun(t *testing.T) {
	t.Parallel()
	m := newMachine(t, `{"ignition": {"version": "3.4.0", `+
		`"config": {"merge": [{"source": "data:,%7B%22ignition%22:%7B%22version%22:%223.0.0%22%7D%7D"}]}}}`)
	m.write(t, "etc/base.d/10.ign", `{"ignition": {"version": "3.0.0"}}`)
	for range 3 {
		for _, name := range []string{"fetch-offline", "fetch", "kargs", "disks", "mount", "files", "umount"} {
			require.NoError(t, m.stage(t.Context(), name))
		}
	}
	state, err := m.paths().LoadState()
	require.NoError(t, err)
	assert.Equal(t, []handoff.FetchedConfig{{Kind: "base", Source: "system"}, {Kind: "user", Source: "file"},
		{Kind: "user", Referenced: true}}, state.FetchedConfigs)
}

// What the image wants lies below the user's config, whichever source that has.
func TestEverySourceLiesOverEveryBase(t *testing.T) {
	t.Parallel()
	of := func(files ...string) string {
		var all []string
		for _, f := range files {
			path, text, _ := strings.Cut(f, "=")
			all = append(all, fmt.Sprintf(`{"path": %q, "contents": {"source": "data:,%s"}}`, path, text))
		}
		return `{"ignition":{"version":"3.4.0"},"storage":{"files":[` + strings.Join(all, ",") + `]}}`
	}
	sources := []struct{ name, file, text string }{
		{"file", "config.ign", of("/user=platform")},
		{"system", "etc/user.ign", of("/user=system")},
		{"cmdline", "cmdline",
			"ignition.config.url=data:;base64," + base64.StdEncoding.EncodeToString([]byte(of("/user=cmdline")))},
	}
	for i, source := range sources {
		for _, bases := range [][]string{nil, {"base.d"}, {"base.platform.d/file"},
			{"base.d", "base.platform.d/file"}} {
			t.Run(source.name+" over "+strings.Join(bases, " and "), func(t *testing.T) {
				t.Parallel()
				m := newMachine(t, "")
				for _, s := range sources[:i+1] {
					m.write(t, s.file, s.text)
				}
				want := map[string]string{"user": strings.Replace(source.name, "file", "platform", 1)}
				for _, base := range bases {
					m.write(t, "etc/"+base+"/10.ign", of("/user="+base, "/both="+base, "/"+base+"="+base))
					want[base], want["both"] = base, base
				}
				require.NoError(t, m.stage(t.Context(), "fetch"))
				require.NoError(t, m.stage(t.Context(), "files"))
				got := map[string]string{}
				root := os.DirFS(filepath.Join(m.dir, "root"))
				require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
					if err == nil && d.Type().IsRegular() {
						text, err := fs.ReadFile(root, path)
						got[path] = string(text)
						return err
					}
					return err
				}))
				assert.Equal(t, want, got)
				state, err := m.paths().LoadState()
				require.NoError(t, err)
				assert.Contains(t, state.FetchedConfigs, handoff.FetchedConfig{Kind: "user", Source: source.name})
			})
		}
	}
}

// What names the config and cannot be used is no reason to come up without one.
func TestAKernelArgumentThatCannotBeUsedStopsTheBoot(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"quiet ignition.config.url=127.0.0.1:8099/web.ign ro": "kernel command line: ignition.config.url: ",
		`quiet "ignition.config.url=web.ign" ro`:              "kernel command line: ignition.config.url: ",
		`ignition.config.device="a b" ro`:                     "ignition.config.device needs ignition.config.path",
	} {
		m := newMachine(t, `{"ignition": {"version": "3.4.0"}}`)
		m.write(t, "cmdline", line+"\n")
		for _, stage := range []string{"fetch-offline", "fetch"} {
			require.ErrorContains(t, m.stage(t.Context(), stage), want, line)
		}
		assert.NoFileExists(t, m.paths().Config)
	}
}

func TestAConfigByAnArgumentInQuotesIsFetched(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 7}}}`)
	}))
	defer server.Close()
	for _, line := range []string{`quiet ignition.config.url="%s" ro`, `"ignition.config.url=%s"`,
		"x='y' ignition.config.url='%s'"} {
		m := newMachine(t, "")
		m.write(t, "cmdline", fmt.Sprintf(line, server.URL))
		require.NoError(t, m.stage(t.Context(), "fetch"), line)
		assert.Equal(t, 7, *m.cache(t).Ignition.Timeouts.HTTPTotal)
	}
}

// As every platform's is.
func TestAPackedConfigIsUnpackedWhereverItIsFrom(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 7}}}`))
	require.NoError(t, z.Close())
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed.Bytes()) }))
	defer server.Close()
	for name, text := range map[string]string{"config.ign": packed.String(), "etc/user.ign": packed.String(),
		"cmdline": "ignition.config.url=" + server.URL} {
		m := newMachine(t, "")
		m.write(t, name, text)
		require.NoError(t, m.stage(t.Context(), "fetch"), name)
		assert.Equal(t, 7, *m.cache(t).Ignition.Timeouts.HTTPTotal, name)
	}
}

// What editors and PowerShell write.
func TestAConfigMayBeInUTF16OrHaveAByteOrderMark(t *testing.T) {
	t.Parallel()
	const text = `{"ignition": {"version": "3.4.0", "timeouts": {"httpTotal": 7}}}` + "\r\n"
	wide := "\xff\xfe"
	for _, c := range []byte(text) {
		wide += string([]byte{c, 0})
	}
	encoded := base64.StdEncoding.EncodeToString
	for name, config := range map[string]string{
		"a mark": "\ufeff" + text, "UTF-16": wide, "a mark within base64": encoded([]byte("\ufeff" + text)),
		"UTF-16 within base64": encoded([]byte(wide)),
		"base64 behind a mark": "\ufeff" + encoded([]byte(text)),
	} {
		for _, file := range []string{"config.ign", "etc/user.ign"} {
			m := newMachine(t, "")
			m.write(t, file, config)
			require.NoError(t, m.stage(t.Context(), "fetch"), name)
			assert.Equal(t, 7, *m.cache(t).Ignition.Timeouts.HTTPTotal, name)
		}
	}
}

func TestBlanksAreNoConfigWhereverTheyAreFrom(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "\n") }))
	defer server.Close()
	for name, text := range map[string]string{"config.ign": "\n", "etc/user.ign": "\ufeff \r\n",
		"cmdline": "ignition.config.url=" + server.URL, "etc/base.d/a.ign": "\n"} {
		m := newMachine(t, "")
		m.write(t, name, text)
		require.NoError(t, m.stage(t.Context(), "fetch"), name)
		assert.Contains(t, m.log.String(), "there is no user config")
	}
	m := newMachine(t, `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "data:,%0A"}]}}}`)
	require.ErrorContains(t, m.stage(t.Context(), "fetch"), "the document is empty")
}

// Ignition follows such a redirect; nobody should find out by chance.
func TestARedirectThatGivesUpTLSIsWarnedOf(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "content") }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusFound)
	}))
	defer secure.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	text := fmt.Sprintf(
		`{"ignition": {"version": "3.4.0", "security": {"tls": {"certificateAuthorities": [{"source": %q}]}}},
		"storage": {"files": [{"path": "/a", "contents": {"source": "%[2]s/a?sig=secret"}}, {"path": "/b", "contents": {"source": "%[2]s/b"}}]}}`,
		"data:;base64,"+base64.StdEncoding.EncodeToString(bundle), secure.URL)
	m := newMachine(t, text)
	require.NoError(t, m.stage(t.Context(), "fetch"))
	assert.NotContains(t, m.log.String(), "redirected")
	require.NoError(t, m.stage(t.Context(), "files"))
	warning := "redirected from https to http"
	assert.Equal(t, 2, strings.Count(m.log.String(), warning))
	require.Len(t, m.shown, 1, "on the consoles, the first")
	assert.Contains(t, m.shown[0], "ignition: warning: "+secure.URL+"/")
	assert.Contains(t, m.shown[0], warning)
	assert.NotContains(t, m.log.String()+m.shown[0], "secret")

	err := Apply(t.Context(), Application{
		Request: Request{Name: "config", Text: []byte(text), Log: slog.New(slog.DiscardHandler),
			Report: func([]diag.Problem) {}, Audience: diag.Workstation},
		Root: t.TempDir(), Files: files.Options{Means: target.Means{NoOwner: true}},
	})
	require.ErrorContains(t, err, warning)
}

func TestAFailedFetchHandsNothingOver(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a wrong config": `{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "x"}]}}`,
		"a wrong child":  `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "data:,%7B"}]}}}`,
		"an empty child": `{"ignition": {"version": "3.4.0", "config": {"replace": {"source": "data:,"}}}}`,
		// Each is fine by itself; together the owner has both an id and a name.
		"a wrong merger": `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "data:,` +
			`%7B%22ignition%22:%7B%22version%22:%223.0.0%22%7D,%22storage%22:%7B%22files%22:%5B%7B%22path%22:%22/a%22,%22user%22:%7B%22name%22:%22x%22%7D%7D%5D%7D%7D"}]}},
			"storage": {"files": [{"path": "/a", "user": {"id": 1}}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, text)
			require.Error(t, m.stage(t.Context(), "fetch"))
			entries, err := os.ReadDir(filepath.Join(m.dir, "run"))
			require.NoError(t, err)
			assert.Empty(t, entries)
		})
	}
}

func TestAFetchTimeoutBelowASecondIsNone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"ignition": {"version": "3.4.0"}}`)
	}))
	t.Cleanup(server.Close)
	for _, patience := range []time.Duration{0, 999 * time.Millisecond, -time.Hour} {
		m := newMachine(t, "")
		m.patience = patience
		m.write(t, "cmdline", "ignition.config.url="+server.URL)
		require.NoError(t, m.stage(t.Context(), "fetch"), patience)
	}
}

func TestALimitThatIsGivenBoundsMergedConfigsAsWell(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	for claim, test := range map[string]struct {
		limited            bool
		patience, resource time.Duration
	}{
		"where it is given":                   {true, time.Second, time.Hour},
		"not where it is the default":         {false, time.Hour, time.Second},
		"one that is none leaves the other's": {true, 0, time.Second},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, fmt.Sprintf(`{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": %q}]}}}`,
				gone.URL))
			m.limited, m.patience = test.limited, test.patience
			m.write(t, "cmdline", fmt.Sprintf("glowplug.timeout.resource=%v", test.resource))
			require.ErrorContains(t, m.stage(t.Context(), "fetch"), "could not be fetched in time (1s, ")
		})
	}
}

// A stage that is told to end while it waits for a server does so, and leaves nothing under a temporary name.
func TestAStageThatIsToldToEndEnds(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancelCause(t.Context())
	told := errors.New("the machine goes down")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the beginning")
		w.(http.Flusher).Flush()
		stop(told)
		<-r.Context().Done()
	}))
	defer server.Close()
	m := newMachine(t, fmt.Sprintf(`{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/a", `+
		`"contents": {"source": "data:,a"}}, {"path": "/b", "contents": {"source": %q}}]}}`, server.URL))
	require.NoError(t, m.stage(t.Context(), "fetch"))
	require.ErrorIs(t, m.stage(ctx, "files"), told)
	for _, name := range []string{"root", "root/etc/.glowplug"} {
		entries, err := os.ReadDir(filepath.Join(m.dir, name))
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
		}
		for _, e := range entries {
			assert.Contains(t, []string{"a", "var"}, e.Name())
		}
	}
}
