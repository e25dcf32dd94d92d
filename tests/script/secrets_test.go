package script

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planted stands in every field that can hold a secret. It repeats so that a part of it that is cut out of an excerpt
// is found too. What is searched for leaves out its first letter, which some fields have as \u005a.
const (
	planted  = "Zq7KZq7KZq7K"
	searched = "q7K"
)

// secretive has a secret in every field that can hold one. @ is where it stands, ^ where it does base64-encoded.
const secretive = `{
  "ignition": {
    "version": "3.5.0",
    "config": {"merge": [{"source": "$USER/srv/child.ign?token=@&@#@", "httpHeaders": [{"name": "Authorization", "value": "Bearer @"}]}]},
    "proxy": {"httpsProxy": "http://me:@@proxy.invalid:3128"},
    "timeouts": {"httpTotal": 1}
  },
  "kernelArguments": {"shouldExist": ["rd.password=@"], "shouldNotExist": ["old.password=@"]},
  "passwd": {"users": [{"name": "core", "passwordHash": "$6$@", "sshAuthorizedKeys": ["from=@ ssh-ed25519 AAAA me"]}]},
  "storage": {
    "files": [
      {"path": "/etc/a", "mode": 384, "contents": {"source": "data:,@"}, "append": [{"source": "data:;base64,^"}]},
      {"path": "/etc/b", "mode": 384, "contents": {"source": "$USER/file?sig=@#@", "httpHeaders": [{"name": "X-Key", "value": "@"}]}},
      {"path": "/etc/c", "mode": 384, "contents": {"source": "data:,\u005aq7K"}}
    ],
    "luks": [
      {"name": "data", "device": "/dev/glowplug-none-b", "keyFile": {"source": "data:,@"}},
      {"name": "far", "device": "/dev/glowplug-none-c", "keyFile": {"source": "$USER/key?sig=@", "httpHeaders": [{"name": "X-Key", "value": "@"}]}},
      {"name": "pin", "device": "/dev/glowplug-none-d", "clevis": {"custom": {"pin": "sss", "config": "{\"key\":\"@\"}"}}}
    ]
  },
  "systemd": {"units": [{
    "name": "a.service", "enabled": false,
    "contents": "[Service]\nEnvironment=KEY=@\n",
    "dropins": [{"name": "a.conf", "contents": "[Service]\nEnvironment=KEY=@\n"}]
  }]}
}
`

// secretiveChild is what it refers to.
const secretiveChild = `{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/etc/child", "mode": 384, "contents": {"source": "data:,@"}}]}}
`

// A bench is a folder of files, a root and a server, in which programs run and are searched for what they let slip.
type bench struct {
	*testing.T
	dir, server string
}

func newBench(t *testing.T) *bench {
	require.NoError(t, sources())
	b := &bench{T: t, dir: t.TempDir()}
	for _, name := range []string{"root", "run", "srv", "dirs"} {
		require.NoError(t, os.Mkdir(filepath.Join(b.dir, name), 0o755))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(b.dir, "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "bin/systemctl"), []byte(systemctl), 0o755))
	server := serve(filepath.Join(b.dir, "srv"))
	t.Cleanup(server.Close)
	b.server = server.URL
	b.write("cmdline", "quiet glowplug.timeout.device=100ms")
	b.write("srv/child.ign", secretiveChild)
	// Where there is no shadow file, hashes go into passwd, as useradd has it, and everybody may read them.
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "root/etc"), 0o755))
	b.write("root/etc/shadow", "")
	b.write("root/etc/gshadow", "")
	return b
}

// expand puts secrets and the server's address into a text.
func (b *bench) expand(text string) string {
	user := strings.Replace(b.server, "://", "://me:"+planted+"%40@", 1)
	text = strings.ReplaceAll(text, "@@", "\x00")
	text = strings.NewReplacer("@", planted, "\x00", planted+"@", "^",
		base64.StdEncoding.EncodeToString([]byte(planted))).Replace(text)
	return strings.NewReplacer("$USER", user, "$SERVER", b.server).Replace(text)
}

func (b *bench) write(name, text string) {
	b.Helper()
	require.NoError(b, os.WriteFile(filepath.Join(b.dir, name), []byte(b.expand(text)), 0o600))
}

// run runs a command line and gives its exit status. Its output must not show a secret.
func (b *bench) run(line string) int {
	b.Helper()
	args := strings.Fields(line)
	if args[0] == "stage" {
		args = append(strings.Fields("ignition --platform=file --root=root --config-cache=run/ignition.json "+
			"--state-file=run/ignition/state --neednet=run/ignition/neednet --log-to-stdout --stage"), args[1:]...)
	}
	command := exec.Command(filepath.Join(programs, args[0]), args[1:]...)
	command.Dir = b.dir
	command.Env = []string{
		"PATH=" + b.dir + "/bin:/usr/bin:/bin", "WORK=" + b.dir, "container=test", "IGNITION_CONFIG_FILE=config.ign",
		"IGNITION_KERNEL_CMDLINE_PATH=cmdline",
		"IGNITION_SYSTEM_RUNTIME_CONFIG_DIR=dirs", "IGNITION_SYSTEM_LOCAL_CONFIG_DIR=none",
		"IGNITION_SYSTEM_CONFIG_DIR=none",
	}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	if command.ProcessState == nil {
		require.NoError(b, err)
	}
	b.clean(line, out.Bytes())
	require.NotContains(b, out.String(), "goroutine ", line)
	if args[0] == "ignition" {
		b.card(line)
	}
	return command.ProcessState.ExitCode()
}

// card gives what a failed stage has left for programs, and shows on the consoles: neither has secrets, though the one
// is for root alone.
func (b *bench) card(line string) (c console.Card) {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, "run/glowplug/failure.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c
	}
	require.NoError(b, err)
	b.clean("the card of "+line, text)
	require.NoError(b, json.Unmarshal(text, &c))
	b.clean("the screen after "+line, []byte(c.String()))
	return c
}

// leaks are the forms in which a secret may show.
var leaks = []string{searched, base64.StdEncoding.EncodeToString([]byte(planted))[:6]}

func (b *bench) clean(what string, text []byte) {
	b.Helper()
	for _, leak := range leaks {
		if at := bytes.Index(text, []byte(leak)); at >= 0 {
			b.Errorf("%s shows a secret: …%s…", what, text[max(0, at-160):min(len(text), at+80)])
		}
	}
}

// sealed searches what programs have left that everybody may read. Units are systemd's to read and 0644 by design;
// secrets are not to be put in them. It gives the files that do hold secrets and that not everybody can read.
func (b *bench) sealed() (held []string) {
	b.Helper()
	require.NoError(b, filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		require.NoError(b, err)
		text, err := os.ReadFile(path)
		require.NoError(b, err)
		name := strings.TrimPrefix(path, b.dir+"/")
		switch {
		case strings.HasPrefix(name, "root/etc/systemd/system/a.service"):
		case info.Mode().Perm()&0o007 != 0:
			b.clean(name, text)
		case bytes.Contains(text, []byte(searched)):
			held = append(held, name)
		}
		return nil
	}))
	return held
}

// commands read config.ign in every way there is.
var commands = []string{
	"glowplug validate config.ign", "glowplug validate --format json config.ign",
	"glowplug-validate --format line config.ign",
	"workstation/ignition-validate config.ign", "validator-only/ignition-validate config.ign",
	"glowplug apply --root root --no-owner --dry-run config.ign",
	"glowplug plan --root root --no-owner --format json config.ign",
	"glowplug plan --root root --no-owner --format html config.ign",
	"glowplug why config.ign $", "glowplug why --format json config.ign $",
	"glowplug apply --root root --no-owner --ignore-unsupported config.ign",
	"ignition-apply --root root config.ign", "stage fetch-offline", "stage fetch", "stage kargs", "stage disks",
	"stage mount", "stage files", "stage umount",
}

// onlyFiles leaves out what needs disks, accounts or a boot loader.
func onlyFiles(text string) string {
	for _, part := range []string{`(?m)^  "(kernelArguments|passwd)": .*\n`, `(?s),\n    "luks": \[.*?\n    \]`} {
		text = regexp.MustCompile(part).ReplaceAllString(text, "")
	}
	return text
}

// What differs in nothing but its secrets differs, and what only one config has is shown without them.
func TestDiffTellsNoSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	alone := regexp.MustCompile(`(?m)^    "config": .*\n`).ReplaceAllString(secretive, "")
	other := strings.NewReplacer("$USER", "http://me:@2@@127.0.0.1:1", "@@", "@2@@", "@", "@2", "^",
		"QUJD", `\u005aq7K`, "@3")
	b.write("config.ign", alone)
	b.write("other.ign", other.Replace(alone))
	b.write("empty.ign", `{"ignition": {"version": "3.5.0"}}`)
	for _, command := range []string{"config.ign other.ign", "other.ign config.ign", "config.ign empty.ign",
		"empty.ign config.ign"} {
		assert.Equal(t, 3, b.run("glowplug diff "+command), command)
		assert.Equal(t, 3, b.run("glowplug diff --format json "+command), command)
		assert.Equal(t, 3, b.run("glowplug diff --plan --root . "+command), command)
		assert.Equal(t, 3, b.run("glowplug diff --plan --root . --format json "+command), command)
	}
	assert.Equal(t, 0, b.run("glowplug diff config.ign config.ign"))
	b.sealed()
}

func TestSecretsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("config.ign", secretive)
	status := map[string]int{}
	for _, command := range commands {
		status[command] = b.run(command)
	}
	for _, command := range []string{"workstation/ignition-validate config.ign", "stage fetch", "stage mount"} {
		assert.Zero(t, status[command], command)
	}
	for _, command := range []string{"stage kargs", "stage disks"} {
		assert.Equal(t, 1, status[command], command)
	}
	b.sealed()
	b.write("config.ign", onlyFiles(secretive))
	for _, command := range []string{"stage fetch", "stage files"} {
		assert.Zero(t, b.run(command), command)
	}
	held := b.sealed()
	for _, file := range []string{"run/ignition.json", "root/etc/a", "root/etc/c", "root/etc/child"} {
		assert.Contains(t, held, file, "secrets do get to where they belong")
	}
}

// withAccounts has hashes of passwords in users and groups, new and old ones, and keys.
const withAccounts = `{
  "ignition": {"version": "3.5.0"},
  "passwd": {
    "groups": [{"name": "apps", "passwordHash": "$6$@"}, {"name": "staff", "passwordHash": "$6$@"}],
    "users": [
      {"name": "core", "passwordHash": "$6$@", "groups": ["apps"], "sshAuthorizedKeys": ["from=@ ssh-ed25519 AAAA me"]},
      {"name": "ann", "passwordHash": "$6$@", "sshAuthorizedKeys": ["from=@ ssh-ed25519 AAAA ann"]},
      {"name": "root", "sshAuthorizedKeys": ["from=@ ssh-ed25519 AAAA root"]}
    ]
  }
}
`

// accountBench is a bench whose root has accounts.
func accountBench(t *testing.T) *bench {
	b := newBench(t)
	b.write("root/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
	b.write("root/etc/group", "root:x:0:\nstaff:x:50:ann\nann:x:1000:\n")
	b.write("root/etc/shadow", "root:*:19000::::::\nann:$6$@old:19000::::::\n")
	b.write("root/etc/gshadow", "root:*::\nstaff:$6$@old::ann\nann:!::\n")
	for _, name := range []string{"passwd", "group"} {
		require.NoError(t, os.Chmod(filepath.Join(b.dir, "root/etc", name), 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "root/home"), 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "root/home/ann"), 0o755))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(filepath.Join(b.dir, "root/home/ann"), 1000, 1000))
	}
	b.write("config.ign", withAccounts)
	return b
}

// accountRuns make accounts. Stages leave no owner alone, so root alone can run them on other people's homes.
func accountRuns() [][]string {
	if os.Geteuid() == 0 {
		return [][]string{{"glowplug apply --root root config.ign"}, {"stage fetch", "stage files"}}
	}
	return [][]string{{"glowplug apply --root root --no-owner config.ign"}}
}

func TestHashesAndKeysAreForTheirOwnersOnly(t *testing.T) {
	t.Parallel()
	for _, commands := range accountRuns() {
		b := accountBench(t)
		assert.Zero(t, b.run("glowplug apply --root root --no-owner --dry-run config.ign"))
		for _, command := range append(commands, commands...) {
			assert.Zero(t, b.run(command), command)
		}
		held := b.sealed()
		for _, file := range []string{
			"etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-",
			"home/core/.ssh/authorized_keys.d/ignition", "home/ann/.ssh/authorized_keys.d/ignition",
			"root/.ssh/authorized_keys.d/ignition",
		} {
			assert.Contains(t, held, "root/"+file, "secrets do get to where they belong")
		}
		for _, file := range []string{"passwd", "passwd-", "group", "group-"} {
			text, err := os.ReadFile(filepath.Join(b.dir, "root/etc", file))
			require.NoError(t, err)
			b.clean(file, text)
			assert.NotContains(t, string(text), "$6$", file)
		}
	}
}

// accountTroubles have a run end before the account files are in place, near something secret.
var accountTroubles = map[string]func(b *bench) error{
	"a line of shadow cut off": func(b *bench) error {
		b.write("root/etc/shadow", "root:*:1::::::\nann:$6$@\n")
		return nil
	},
	"a day that is a hash": func(b *bench) error { b.write("root/etc/shadow", "ann:x:$6$@::::::\n"); return nil },
	"a hash in a place of an id": func(b *bench) error {
		b.write("root/etc/passwd", "root:x:0:0::/:\nann:x:$6$@:1000::/home/ann:\n")
		return os.Chmod(filepath.Join(b.dir, "root/etc/passwd"), 0o600)
	},
	"two lines of a group": func(b *bench) error {
		b.write("root/etc/gshadow", "staff:$6$@1::\nstaff:$6$@2::\n")
		return nil
	},
	"carriage returns": func(b *bench) error { b.write("root/etc/shadow", "ann:$6$@:19000::::::\r\n"); return nil },
	"a lock":           func(b *bench) error { b.write("root/etc/shadow.lock", "$6$@"); return nil },
	"a colon in a hash": func(b *bench) error {
		b.write("config.ign", strings.Replace(withAccounts, "$6$@", "$6$@:@", 1))
		return nil
	},
	"a line break in a hash": func(b *bench) error {
		b.write("config.ign", strings.ReplaceAll(withAccounts, "$6$@", `$6$@\n@`))
		return nil
	},
	"a backup that cannot be made": func(b *bench) error {
		return os.MkdirAll(filepath.Join(b.dir, "root/etc/passwd-/x"), 0o755)
	},
	"no place for a record": func(b *bench) error {
		return os.MkdirAll(filepath.Join(b.dir, "root/etc/.glowplug/accounts.json/x"), 0o755)
	},
	"no place for keys": func(b *bench) error {
		return os.MkdirAll(filepath.Join(b.dir, "root/home/ann/.ssh/authorized_keys.d/ignition/x"), 0o755)
	},
}

func TestAccountsThatCannotBeMadeDoNotTellSecrets(t *testing.T) {
	t.Parallel()
	for name, trouble := range accountTroubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, commands := range accountRuns() {
				b := accountBench(t)
				require.NoError(t, trouble(b))
				status := 0
				for _, command := range commands {
					status += b.run(command)
				}
				assert.Equal(t, 1, status)
				b.sealed()
			}
		})
	}
}

// broken changes the text in all the ways in which a config goes wrong near a secret.
func broken(text string) map[string]string {
	all := map[string]string{}
	for at := 40; at < len(text); at += 61 {
		all[fmt.Sprintf("cut off after %d bytes", at)] = text[:at]
		all[fmt.Sprintf("a stray byte at %d", at)] = text[:at] + "\x01" + text[at:]
		all[fmt.Sprintf("a stray bracket at %d", at)] = text[:at] + "]" + text[at:]
	}
	for i, m := range regexp.MustCompile(`"([A-Za-z]+)": (\[?"[^"@^]*[@^](?:[^"\\]|\\.)*"\]?)`).
		FindAllStringSubmatchIndex(text, -1) {
		key, value := text[m[2]:m[3]], text[m[4]:m[5]]
		change := func(how, key, value string) {
			all[fmt.Sprintf("%s %d: %s", text[m[2]:m[3]], i, how)] = text[:m[2]] + key + text[m[3]:m[4]] + value +
				text[m[5]:]
		}
		change("a list", key, "["+value+"]")
		change("an object", key, `{"x": `+value+`}`)
		change("an object of secret names", key, `{`+strings.Trim(value, "[]")+`: 1}`)
		change("misspelt", key[:len(key)-1], value)
		change("in capitals", strings.ToUpper(key), value)
		change("twice", key, value+`, "`+key+`": `+value)
		change("a bad escape", key, strings.Replace(value, "@", `@\q@`, 1))
		change("half a surrogate", key, strings.Replace(value, "@", `@\ud800@`, 1))
		change("a bad percent", key, strings.Replace(value, "@", "%zz@%", 1))
		change("an unknown scheme", key,
			strings.NewReplacer("data:", "dat@:", "$USER", "gopher://@@host").Replace(value))
		change("a line break", key, strings.Replace(value, "@", `@\n@`, 1))
		change("a bracket", key, strings.Replace(value, "@", `[@ `, 1))
	}
	return all
}

func TestBrokenConfigsDoNotTellTheirSecrets(t *testing.T) {
	t.Parallel()
	all := broken(secretive)
	require.Greater(t, len(all), 200)
	b := newBench(t)
	failed := 0
	for claims := range slices.Chunk(slices.Collect(maps.Keys(all)), 20) {
		files := ""
		for i, claim := range claims {
			name := fmt.Sprintf("config%d.ign", i)
			b.write(name, strings.Replace(all[claim], `"httpTotal": 1`, `"httpTotal": -1`, 1))
			files += " " + name
			failed += b.readAlone(claim, name)
		}
		// These take many at once, and a process for each would take most of the time of all tests here.
		for _, command := range []string{"glowplug validate", "glowplug-validate --format json"} {
			require.Equal(t, 1, b.run(command+files), claims)
		}
		require.False(t, t.Failed(), claims)
	}
	assert.Greater(t, failed, 2*len(all), "most of them are invalid")
	b.sealed()
}

// readAlone gives a file to the commands that read one, and tells how many of them refuse it.
func (b *bench) readAlone(claim, name string) (failed int) {
	b.Helper()
	require.NoError(b, os.Rename(filepath.Join(b.dir, name), filepath.Join(b.dir, "config.ign")))
	for _, command := range []string{
		"validator-only/ignition-validate config.ign",
		"glowplug apply --root root --dry-run --no-owner --offline config.ign", "stage fetch",
	} {
		status := b.run(command)
		require.Less(b, status, 2, "%s: %s", command, claim)
		failed += status
	}
	require.NoError(b, os.Rename(filepath.Join(b.dir, "config.ign"), filepath.Join(b.dir, name)))
	return failed
}

// rules breaks one rule each, or makes an action fail.
var rules = map[string][2]string{
	"a relative path":            {`"path": "/etc/a"`, `"path": "etc/a"`},
	"a path that is there twice": {`"path": "/etc/b"`, `"path": "/etc/a"`},
	"a file below a file":        {`"path": "/etc/b"`, `"path": "/etc/a/b"`},
	"a header that is there twice": {`"X-Key", "value": "@"}`,
		`"X-Key", "value": "@"}, {"name": "X-Key", "value": "@2"}`},
	"a header without a name":     {`"name": "X-Key"`, `"name": ""`},
	"a header value of two lines": {`"X-Key", "value": "@"`, `"X-Key", "value": "@\n@"`},
	"a digest that does not match": {`"source": "data:,@"}, "append"`,
		`"source": "data:,@", "verification": {"hash": "sha256-` + zeros + `"}}, "append"`},
	"a digest that is none": {`"source": "data:,@"}, "append"`,
		`"source": "data:,@", "verification": {"hash": "sha256-abc"}}, "append"`},
	"a child's digest does not match": {`#@", "httpHeaders": [{"name": "Auth`,
		`#@", "verification": {"hash": "sha256-` + zeros + `"}, "httpHeaders": [{"name": "Auth`},
	"content that is not gzip": {`"source": "data:,@"}, "append"`,
		`"source": "data:,@", "compression": "gzip"}, "append"`},
	"a compression that is none": {`"source": "data:,@"}, "append"`,
		`"source": "data:,@", "compression": "lzma"}, "append"`},
	"a child that is not there":      {"/srv/child.ign", "/srv/nowhere.ign"},
	"a child that is no config":      {"/srv/child.ign", "/srv/text"},
	"a child cut off":                {"/srv/child.ign", "/srv/cut.ign"},
	"a child whose rules are broken": {"/srv/child.ign", "/srv/rule.ign"},
	"a server that refuses":          {"$USER/srv/child.ign", "http://me:@@127.0.0.1:1/child.ign"},
	"a server for a file refuses":    {"$USER/file", "http://me:@@127.0.0.1:1/file"},
	"a server that never answers":    {"$USER/file", "$USER/slow"},
	"a file that is not there":       {"$USER/file", "$USER/nowhere"},
	"a redirect to somewhere secret": {"$USER/file", "$USER/away"},
	"a host that is none":            {"$USER/file", "http://me:@@:port/file"},
	"a proxy that is none":           {"http://me:@@proxy.invalid:3128", "ftp://me:@@proxy"},
	"a unit that does not parse":     {`[Service]\nEnvironment=KEY=@\n",`, `[Service\nEnvironment=KEY=@\n",`},
	"a unit line without a key":      {`[Service]\nEnvironment=KEY=@\n",`, `[Service]\n@\n",`},
	"a long unit line": {`[Service]\nEnvironment=KEY=@\n",`,
		`[Service]\nEnvironment=KEY=` + strings.Repeat("@", 300) + `\n",`},
	"a unit with a bad name":    {`"a.service"`, `"a.servic"`},
	"a drop-in with a bad name": {`"a.conf"`, `"a.con"`},
	"two key sources": {`"keyFile": {"source": "data:,@"}`,
		`"keyFile": {"source": "data:,@"}, "clevis": {"custom": {"pin": "sss", "config": "@"}, "tpm2": true}`},
	"a pin that is none": {`"pin": "sss"`, `"pin": "wooden"`},
	"a CA that cannot be had": {`"proxy":`, `"security": {"tls": {"certificateAuthorities": ` +
		`[{"source": "$USER/nowhere?a=@", "httpHeaders": [{"name": "X", "value": "@"}]}]}}, "proxy":`},
	"a CA that is none": {`"proxy":`,
		`"security": {"tls": {"certificateAuthorities": [{"source": "data:,@"}]}}, "proxy":`},
	"a replacement not there": {`{"merge":`, `{"replace": {"source": "$USER/nowhere?a=@"}, "merge":`},
	"an older version":        {`"version": "3.5.0"`, `"version": "3.0.0"`},
	"a version that is none":  {`"version": "3.5.0"`, `"version": "3"`},
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func TestFailuresDoNotTellSecrets(t *testing.T) {
	t.Parallel()
	for name, change := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, secretive, change[0])
			b := newBench(t)
			b.write("srv/text", "@")
			b.write("srv/cut.ign", secretiveChild[:len(secretiveChild)-8])
			b.write("srv/rule.ign", strings.Replace(secretiveChild, "/etc", "etc", 1))
			b.write("config.ign", strings.ReplaceAll(secretive, change[0], change[1]))
			failed := 0
			for _, command := range commands {
				failed += b.run(command)
			}
			assert.Positive(t, failed)
			b.sealed()
		})
	}
}

// fetches are sources of a file whose content does not come, and a part of what the card then says.
var fetches = map[string][2]string{
	"another digest": {`$USER/file?sig=@#@", "verification": {"hash": "sha256-` + zeros + `"}, "x": "`,
		"sha256 does not match"},
	"not compressed":            {`$USER/text?sig=@", "compression": "gzip", "x": "`, "gzip: "},
	"not there":                 {"$USER/nowhere?sig=@", "not found"},
	"a refusal":                 {"$USER/status/403?sig=@", "403 Forbidden"},
	"a busy server":             {"$USER/status/429?sig=@", "429 Too Many Requests"},
	"a broken server":           {"$USER/status/500?sig=@", "500 Internal Server Error"},
	"no answer":                 {"$USER/slow?sig=@", "could not be fetched in time"},
	"half an answer":            {"$USER/half?sig=@", "the body broke off after 12 bytes"},
	"an answer that is none":    {"$USER/babble?sig=@", "malformed HTTP"},
	"a redirect in circles":     {"$USER/circle?sig=@", "redirected more than 20 times"},
	"a redirect to elsewhere":   {"$USER/ftp?sig=@", "redirected to a URL that is not of http or https"},
	"a redirect that is secret": {"$USER/away?sig=@", "not found"},
	"nobody":                    {"http://me:@@127.0.0.1:1/x?sig=@", "connection refused"},
	"by TFTP":                   {"tftp://me:@@127.0.0.1:1/x?sig=@", "tftp://…@127.0.0.1:1/x"},
	"an object":                 {"s3://bucket/key?versionId=@", "region of the bucket"},
}

func TestFetchesThatFailDoNotTellSecrets(t *testing.T) {
	t.Parallel()
	for name, source := range fetches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			text := strings.Replace(onlyFiles(secretive), "$USER/file?sig=@#@", source[0], 1)
			require.NotEqual(t, onlyFiles(secretive), text)
			if !strings.Contains(source[0], "$USER") { // headers are for HTTP alone
				text = strings.Replace(text, `, "httpHeaders": [{"name": "X-Key", "value": "@"}]`, "", 1)
			}
			// The proxy is ours, and no proxy: what would leave this machine does not.
			b.write("config.ign", strings.Replace(text, "http://me:@@proxy.invalid:3128",
				strings.Replace(b.server, "://", "://me:@@", 1), 1))
			assert.Equal(t, 1, b.run("glowplug apply --root root --no-owner config.ign"))
			require.Equal(t, 0, b.run("stage fetch"))
			assert.Equal(t, 1, b.run("stage files"))
			assert.Contains(t, strings.Join(b.card("stage files").Causes, ": "), source[1])
			b.write("cmdline", "ignition.config.url="+strings.SplitN(source[0], `"`, 2)[0])
			b.run("stage fetch --fetch-timeout=1s")
			b.sealed()
		})
	}
}

func TestWhatIsInTheWayDoesNotTellSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("config.ign", secretive)
	b.write("root/etc/a", "other content with @")
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "root/etc/child"), 0o755))
	for _, command := range commands {
		b.run(command)
	}
	assert.Equal(t, 1, b.run("stage files"))
	b.write("cmdline", "ignition.config.url=$USER/nowhere?a=@ x=@")
	assert.Equal(t, 1, b.run("stage fetch"))
	b.write("cmdline", "ignition.config.url=http://me:@%zz@host/")
	b.run("stage fetch")
	b.write("run/ignition.json", secretive[:400])
	assert.Equal(t, 1, b.run("stage files"))
	b.write("run/ignition/state", `{"fetchedConfigs": "@"}`)
	assert.Equal(t, 3, b.run("stage files"))
	b.sealed()
}
