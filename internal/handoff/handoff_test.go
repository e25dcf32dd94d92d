package handoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func in(dir string) Paths {
	return Paths{
		Config:  filepath.Join(dir, "ignition.json"),
		State:   filepath.Join(dir, "ignition", "state"),
		NeedNet: filepath.Join(dir, "ignition", "neednet"),
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestConfigIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	p := in(dir)
	_, err := p.LoadConfig()
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, text := range []string{`{"ignition":{}}`, "{}"} {
		require.NoError(t, p.SaveConfig([]byte(text)))
		got, err := p.LoadConfig()
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
		assert.Equal(t, fs.FileMode(0o640), mode(t, p.Config))
	}
	assert.Equal(t, []string{"ignition.json"}, names(t, dir), "no temporary file is left")
}

func TestConfigNeedsItsFolder(t *testing.T) {
	p := in(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, p.SaveConfig([]byte("{}")), fs.ErrNotExist)
}

func TestAFailedReplacementLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	p := in(dir)
	require.NoError(t, os.MkdirAll(filepath.Join(p.Config, "in-the-way"), 0o755))
	require.ErrorContains(t, p.SaveConfig([]byte("{}")), "write "+p.Config)
	assert.Equal(t, []string{"ignition.json"}, names(t, dir))
}

func TestRequestNetwork(t *testing.T) {
	p := in(t.TempDir())
	for range 2 {
		require.NoError(t, p.RequestNetwork())
		info, err := os.Stat(p.NeedNet)
		require.NoError(t, err)
		assert.Zero(t, info.Size())
	}
	assert.Zero(t, ^fs.FileMode(0o755)&mode(t, filepath.Dir(p.NeedNet)))
}

func TestState(t *testing.T) {
	for name, test := range map[string]struct {
		state State
		want  string
	}{
		"an empty one": {State{}, `{"fetchedConfigs":null,"luksPersistKeyFiles":null,"notatedDirectories":null,` +
			`"providerOutputFiles":null,"luksPersistVolumeKeyFiles":null}`},
		"a full one": {State{
			FetchedConfigs:      []FetchedConfig{{"base", "system", false}, {"user", "/c.ign", true}},
			LuksPersistKeyFiles: map[string]diag.Secret{"data": "data:,a&b"},
			NotatedDirectories:  []string{"/var/home"},
			ProviderOutputFiles: []json.RawMessage{json.RawMessage(`{"path":"/x"}`)},
			LuksVolumeKeyFiles:  map[string]diag.Secret{"key": "data:,c"},
			Region:              "eu-west-1",
			Advertisements:      []document.Advertisement{{Volume: "data", Server: "http://t", Text: "{}"}},
			Said:                "data:,said",
		}, `{"fetchedConfigs":[{"kind":"base","source":"system","referenced":false},` +
			`{"kind":"user","source":"/c.ign","referenced":true}],` +
			`"luksPersistKeyFiles":{"data":"data:,a&b"},"notatedDirectories":["/var/home"],` +
			`"providerOutputFiles":[{"path":"/x"}],` +
			`"luksPersistVolumeKeyFiles":{"key":"data:,c"},"region":"eu-west-1",` +
			`"tangAdvertisements":[{"volume":"data","server":"http://t","text":"{}"}],"said":"ZGF0YTosc2FpZA=="}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := in(t.TempDir())
			require.NoError(t, p.SaveState(test.state))
			text, err := os.ReadFile(p.State)
			require.NoError(t, err)
			assert.Equal(t, test.want+"\n", string(text))
			assert.Equal(t, fs.FileMode(0o600), mode(t, p.State))
			assert.Equal(t, fs.FileMode(0o700), mode(t, filepath.Dir(p.State)))
			got, err := p.LoadState()
			require.NoError(t, err)
			assert.Equal(t, test.state, got)
			assert.NotContains(t, fmt.Sprintf("%v %+v", got, got), "data:,")
		})
	}
}

func TestAFolderThatExistsKeepsItsMode(t *testing.T) {
	p := in(t.TempDir())
	require.NoError(t, os.Mkdir(filepath.Dir(p.State), 0o750))
	require.NoError(t, os.Chmod(filepath.Dir(p.State), 0o755))
	require.NoError(t, p.SaveState(State{}))
	assert.Equal(t, fs.FileMode(0o755), mode(t, filepath.Dir(p.State)))
}

func TestLoadState(t *testing.T) {
	p := in(t.TempDir())
	s, err := p.LoadState()
	require.NoError(t, err, "a missing state is an empty one")
	assert.Zero(t, s)
	require.NoError(t, os.Mkdir(filepath.Dir(p.State), 0o755))
	for name, text := range map[string]string{
		"empty": "", "cut off": `{"fetchedConfigs":[`, "two": "{}{}", "of another shape": `{"fetchedConfigs":{}}`,
		"not JSON": "hello",
	} {
		require.NoError(t, os.WriteFile(p.State, []byte(text), 0o600))
		_, err = p.LoadState()
		var broken *StateError
		require.ErrorAs(t, err, &broken, name)
		assert.Equal(t, p.State, broken.Path)
		assert.ErrorContains(t, err, p.State)
	}
	require.NoError(t, os.Remove(p.State))
	require.NoError(t, os.Mkdir(p.State, 0o755))
	_, err = p.LoadState()
	assert.True(t, errors.As(err, new(*StateError)), "a state that cannot be read is like a broken one")
}

func TestConfigsAreRecordedOnce(t *testing.T) {
	base, user := FetchedConfig{"base", "system", false}, FetchedConfig{"user", "file", false}
	var s State
	for range 5 {
		s.Record(base)
	}
	assert.False(t, s.UserConfigProvided())
	s.Record(user)
	s.Record(base)
	assert.True(t, s.UserConfigProvided())
	assert.Equal(t, []FetchedConfig{base, user}, s.FetchedConfigs)

	p := in(t.TempDir())
	require.NoError(t, p.SaveState(State{FetchedConfigs: []FetchedConfig{user, base, user}}))
	got, err := p.LoadState()
	require.NoError(t, err)
	assert.Equal(t, []FetchedConfig{user, base}, got.FetchedConfigs)
}

func TestResult(t *testing.T) {
	when := time.Date(2026, 11, 21, 23, 0, 0, 987, time.UTC)
	const first = `{
  "provisioningBootID": "9e6d",
  "provisioningDate": "2026-11-21T23:00:00Z",
  "userConfigProvided": true
}
`
	got, err := Result{BootID: "9e6d\n", Date: when, UserConfigProvided: true}.Render()
	require.NoError(t, err)
	assert.Equal(t, first, string(got))

	got, err = Result{BootID: "f00d", Date: when.In(time.FixedZone("", 3600)), Previous: got}.Render()
	require.NoError(t, err)
	assert.Equal(t, `{
  "provisioningBootID": "f00d",
  "provisioningDate": "2026-11-22T00:00:00+01:00",
  "userConfigProvided": false,
  "previousReport": {
    "provisioningBootID": "9e6d",
    "provisioningDate": "2026-11-21T23:00:00Z",
    "userConfigProvided": true
  }
}
`, string(got))

	for _, previous := range []string{"", "{", "hello"} {
		_, err = Result{Previous: []byte(previous)}.Render()
		assert.ErrorContains(t, err, "is not JSON", previous)
	}
}

func TestOrigins(t *testing.T) {
	var o Origins
	o.Add("$", "config.ign", 1, 1)
	o.Add("$.storage.files.0", "config.ign", 3, 7)
	o.Add("$.storage.files.1", "child \"two\".ign", 40, 2)
	o.Add("$.storage.files.0", "child \"two\".ign", 5, 9)
	p, cache := in(t.TempDir()), []byte("{}")
	require.NoError(t, p.SaveOrigins(o.Encode(cache)))
	name := filepath.Join(filepath.Dir(p.Config), "glowplug", "origins")
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, `{"config":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",`+
		`"documents":["config.ign","child \"two\".ign"],`+
		`"places":{"$":[0,1,1],"$.storage.files.0":[1,5,9],"$.storage.files.1":[1,40,2]}}`+"\n", string(text))
	assert.Equal(t, fs.FileMode(0o600), mode(t, name))
	assert.Equal(t, fs.FileMode(0o700), mode(t, filepath.Dir(name)))

	loaded, err := p.LoadOrigins(cache)
	require.NoError(t, err)
	for path, want := range map[string]string{
		"$.storage.files.0":                 `child "two".ign:5:9`,
		"$.storage.files.0.contents.source": `child "two".ign:5:9`,
		"$.storage.files.1.mode":            `child "two".ign:40:2`,
		"$.storage.files.10":                "config.ign:1:1",
		"$.storage":                         "config.ign:1:1",
		"$":                                 "config.ign:1:1",
		"":                                  "",
		"elsewhere.0":                       "",
	} {
		assert.Equal(t, want, loaded.Find(path), path)
		assert.Equal(t, want, o.Find(path), path)
	}
}

func TestLoadOriginsNeverStandsInTheWay(t *testing.T) {
	p, cache := in(t.TempDir()), []byte("{}")
	o, err := p.LoadOrigins(cache)
	require.NoError(t, err, "absent")
	assert.Empty(t, o.Find("$"))

	var other Origins
	other.Add("$", "config.ign", 1, 1)
	require.NoError(t, p.SaveOrigins(other.Encode([]byte("{ }"))))
	o, err = p.LoadOrigins(cache)
	require.NoError(t, err, "of another config")
	assert.Empty(t, o.Find("$"))

	for _, text := range []string{"", "{", `{"config":"` + digest(cache) + `","documents":[],"places":{"$":[0,1,1]}}`,
		`{"config":"` + digest(cache) + `","places":{"$":[-1,1,1]}}`} {
		require.NoError(t, os.WriteFile(p.origins(), []byte(text), 0o600))
		o, err = p.LoadOrigins(cache)
		require.ErrorContains(t, err, p.origins())
		assert.Empty(t, o.Find("$"))
	}
}

// Invariant: what is saved is JSON and loads to the same answers, whatever the names.
func FuzzOriginsRoundTrip(f *testing.F) {
	f.Add("$.a", "config.ign", 1, 2)
	f.Add("$.é\x00\"\\", "a\nb", -3, 1<<40)
	f.Fuzz(func(t *testing.T, path, document string, line, col int) {
		path, document = strings.ToValidUTF8(path, "?"), strings.ToValidUTF8(document, "?")
		var o Origins
		o.Add(path, document, line, col)
		p := in(t.TempDir())
		require.NoError(t, p.SaveOrigins(o.Encode(nil)))
		loaded, err := p.LoadOrigins(nil)
		require.NoError(t, err)
		require.Equal(t, o.Find(path+".x"), loaded.Find(path+".x"))
		require.NotEmpty(t, loaded.Find(path))
	})
}
