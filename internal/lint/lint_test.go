package lint_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// advised gives the advice on a config, as code and path.
func advised(t *testing.T, text string, only ...codes.Code) (found []string) {
	t.Helper()
	r := load.ReadWith(tree.NewArena(), "x", text, load.Options{
		Rules: func(doc *document.Document) []diag.Problem { return lint.Document(doc, lint.Options{Only: only}) }})
	require.NotNil(t, r.Config, "%v", r.Problems)
	for _, p := range r.Problems {
		if p.Severity == diag.Advice {
			assert.NotEmpty(t, p.Hint)
			found = append(found, string(p.Code)+" "+strings.TrimPrefix(p.Path, "$."))
		}
	}
	return found
}

func config(members string) string { return `{"ignition": {"version": "3.6.0"}, ` + members + `}` }

func user(members string) string {
	return config(`"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["` + ed25519 + `"], ` + members + `}]}`)
}

func key(line string) string {
	return config(`"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["` + line + `"]}]}`)
}

func file(members string) string { return config(`"storage": {"files": [{` + members + `}]}`) }

func data(source string, mode int) string {
	return file(fmt.Sprintf(`"path": "/opt/x", "mode": %d, "contents": {"source": %q}`, mode, source))
}

const (
	ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me"
	b43     = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	rsa1024 = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ"
)

// rsa is the line of a key whose modulus has so many bytes.
func rsa(bytes int) string {
	blob := "\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x03\x01\x00\x01" +
		fmt.Sprintf("\x00\x00%c%c", (bytes+1)>>8, (bytes+1)&255) +
		"\x00" + strings.Repeat("\xff", bytes)
	return "ssh-rsa " + base64.StdEncoding.EncodeToString([]byte(blob)) + " me"
}

func TestAdvice(t *testing.T) {
	const keyPath, hashPath = "passwd.users.0.sshAuthorizedKeys.0", "passwd.users.0.passwordHash"
	home := func(directories, owner string) string {
		return config(`"storage": {"directories": [` + directories +
			`], "files": [{"path": "/home/core/.config/a/b", ` + owner + `}]}`)
	}
	for _, c := range []struct{ claim, text, want string }{
		{"an empty config", `{"ignition": {"version": "3.6.0"}}`, ""},
		{"http without a digest", file(`"path": "/a", "contents": {"source": "HTTP://h/x"}`),
			"source-unverified storage.files.0.contents.source"},
		{"with one", file(`"path": "/a", "contents": {"source": "http://h/x", "verification": {"hash": "sha256-` +
			strings.Repeat("a", 64) + `"}}`), ""},
		{"tftp in an append", file(`"path": "/a", "append": [{"source": "tftp://h/x"}]`),
			"source-unverified storage.files.0.append.0.source"},
		{"an authority", `{"ignition": {"version": "3.6.0", "security": {"tls": {"certificateAuthorities": ` +
			`[{"source": "http://h/x"}]}}}}`,
			"source-unverified ignition.security.tls.certificateAuthorities.0.source"},
		{"a merged config", `{"ignition": {"version": "3.6.0", "config": {"merge": [{"source": "https://h/x"}, ` +
			`{"source": "http://h/y"}]}}}`, "source-unverified ignition.config.merge.1.source"},
		{"md5", user(`"passwordHash": "$1$salt$UsCvf7Y6vJXnmmZxbdyBb1"`), "password-weak " + hashPath},
		{"locked, and weak", user(`"passwordHash": "!$1$salt$UsCvf7Y6vJXnmmZxbdyBb1"`), "password-weak " + hashPath},
		{"DES", user(`"passwordHash": "1yJ4sp5TiPUS2"`), "password-weak " + hashPath},
		{"no password", user(`"passwordHash": "*"`), ""},
		{"yescrypt", user(`"passwordHash": "$y$j9T$aaaa$` + b43 + `"`), ""},
		{"a good key", key(ed25519), ""},
		{"behind options", key(`no-pty,command=\"ls -l\" ` + ed25519), ""},
		{"behind an option that names a program", key(`command=\"sh ssh-add -l\" ` + ed25519), ""},
		{"behind a comment", key("# ssh-dss AAAA\\n" + ed25519), ""},
		{"behind tabs", key(`no-pty\t` + strings.ReplaceAll(ed25519, " ", `\t`)), ""},
		{"cut off behind options", key(`command=\"sh ssh-add -l\" ` + ed25519[:60]), "ssh-key-data " + keyPath},
		{"cut off", key(ed25519[:60]), "ssh-key-data " + keyPath},
		{"an ellipsis", key("ssh-ed25519 AAAA..."), "ssh-key-data " + keyPath},
		{"of another kind", key(strings.Replace(ed25519, "ssh-ed25519", "ssh-rsa", 1)), "ssh-key-data " + keyPath},
		{"DSA", key("ssh-dss AAAAB3NzaC1kc3M="), "ssh-key-data " + keyPath},
		{"RSA of 1024 bits", key(rsa(128)), "ssh-key-data " + keyPath},
		{"RSA of 2048 bits", key(rsa(256)), ""},
		{"RSA that ends early", key(rsa1024), "ssh-key-data " + keyPath},
		{"a certificate", key("ssh-ed25519-cert-v01@openssh.com AAAA"), "ssh-key-data " + keyPath},
		{"a number of containers", user(`"uid": 100000`), "id-subordinate passwd.users.0.uid"},
		{"another number", user(`"uid": 60000`), ""},
		{"nobody can log in", config(`"passwd": {"users": [{"name": "a"}, {"name": "b", "passwordHash": "!"}]}`),
			"no-login passwd.users"},
		{"one can", config(`"passwd": {"users": [{"name": "a"}, {"name": "b", "passwordHash": "$y$j9T$a$` +
			b43 + `"}]}`), ""},
		{"users are deleted only", config(`"passwd": {"users": [{"name": "a", "shouldExist": false}]}`), ""},
		{"the one with a password is deleted", config(`"passwd": {"users": [{"name": "a"}, {"name": "b", ` +
			`"shouldExist": false, "passwordHash": "$y$j9T$a$` + b43 + `"}]}`), "no-login passwd.users"},
		{"another config may say more", `{"ignition": {"version": "3.6.0", ` +
			`"config": {"merge": [{"source": "https://h"}]}}, "passwd": {"users": [{"name": "a"}]}}`, ""},
		{"a file in /run", file(`"path": "/run/x"`), "path-volatile storage.files.0.path"},
		{"beside it", file(`"path": "/runner/x"`), ""},
		{"a link in /tmp", config(`"storage": {"links": [{"path": "/tmp/x", "target": "/a"}]}`),
			"path-volatile storage.links.0.path"},
		{"parents that belong to root", home("", `"user": {"name": "core"}`), "home-parents storage.files.0.path"},
		{"one of them is made", home(`{"path": "/home/core/.config"}`, `"user": {"id": 1000}`),
			"home-parents storage.files.0.path"},
		{"all are made", home(`{"path": "/home/core/.config"}, {"path": "/home/core/.config/a"}`,
			`"user": {"id": 1000}`), ""},
		{"root's file", home("", `"user": {"name": "root"}`), ""},
		{"a script", data("data:,%23!/bin/sh%0A", 0o644), "script-mode storage.files.0"},
		{"one in base64", data("data:;base64,IyEvYmluL3NoCg==", 0o644), "script-mode storage.files.0"},
		{"executable", data("data:,%23!/bin/sh%0A", 0o755), ""},
		{"a private key", data("data:,-----BEGIN%20OPENSSH%20PRIVATE%20KEY-----%0Aabc", 0o640),
			"secret-readable storage.files.0"},
		{"for its owner", data("data:,-----BEGIN%20OPENSSH%20PRIVATE%20KEY-----%0Aabc", 0o600), ""},
		{"a public one", data("data:,-----BEGIN%20PUBLIC%20KEY-----", 0o644), ""},
		{"an escape that is cut through", data("data:,"+strings.Repeat("%20", 119)+"ab%20", 0o644), ""},
	} {
		assert.Equal(t, c.want, strings.Join(advised(t, c.text), ", "), c.claim)
	}
}

func TestAdviceOnWhatProgramsPassOver(t *testing.T) {
	const hashPath, mode, name = "passwd.users.0.passwordHash", "file-unread storage.files.0", ".path"
	at := func(path string, members string) string { return file(`"path": "` + path + `"` + members) }
	const nm = "/etc/NetworkManager/system-connections/lan.nmconnection"
	for _, c := range []struct{ claim, text, want string }{
		{"a hash that is cut off", user(`"passwordHash": "$6$salt$abc"`), "password-length " + hashPath},
		{"one that a shell has cut", user(`"passwordHash": "$6$"`), "password-length " + hashPath},
		{"one with something behind it", user(`"passwordHash": "$y$j9T$aaaa$` + b43 + `b"`),
			"password-length " + hashPath},
		{"with rounds", user(`"passwordHash": "$5$rounds=9999$salt$` + b43 + `"`), ""},
		{"bcrypt", user(`"passwordHash": "$2b$12$` + b43 + `bbbbbbbbbb"`), ""},
		{"locked", user(`"passwordHash": "!$6$abc"`), ""},
		{"a method that is not known here", user(`"passwordHash": "$8$abc"`), ""},
		{"a profile that all may read", at(nm, `, "mode": 420`), mode},
		{"one without a mode", at(nm, `, "contents": {"source": ""}`), mode},
		{"one that may be there", at(nm, ""), ""},
		{"one of root's", at(nm, `, "mode": 384`), ""},
		{"one of the image", at("/usr/lib/NetworkManager/system-connections/lan", `, "mode": 420`), ""},
		{"sudoers with a dot", at("/etc/sudoers.d/10-core.conf", `, "mode": 288`), mode + name},
		{"sudoers that the group may write", at("/etc/sudoers.d/core", `, "mode": 436`), mode},
		{"sudoers", at("/etc/sudoers.d/core", `, "mode": 420`), ""},
		{"a host key", at("/etc/ssh/ssh_host_rsa_key", `, "mode": 420`), mode},
		{"for a group, as in Fedora", at("/etc/ssh/ssh_host_rsa_key", `, "mode": 416`), ""},
		{"its public half", at("/etc/ssh/ssh_host_rsa_key.pub", `, "mode": 420`), ""},
		{"keys that the group may write", at("/root/.ssh/authorized_keys", `, "mode": 436`), mode},
		{"keys that all may read", at("/root/.ssh/authorized_keys", `, "mode": 420`), ""},
		{"a page of GitHub", at("/x", `, "contents": {"source": "https://github.com/a/b/blob/main/x"}`),
			"source-page storage.files.0.contents.source"},
		{"a page of GitLab", at("/x", `, "contents": {"source": "https://gitlab.com/a/b/-/blob/main/x"}`),
			"source-page storage.files.0.contents.source"},
		{"the file itself", at("/x", `, "contents": {"source": "https://github.com/a/b/blob/main/x?raw=true"}`), ""},
		{"a release", at("/x", `, "contents": {"source": "https://github.com/a/b/releases/download/1/blob"}`), ""},
	} {
		assert.Equal(t, c.want, strings.Join(advised(t, c.text), ", "), c.claim)
	}
}

func TestAdviceOfSomeCodesAlone(t *testing.T) {
	text := file(`"path": "/run/x", "contents": {"source": "http://h/x"}`)
	assert.Len(t, advised(t, text), 2)
	assert.Equal(t, []string{"path-volatile storage.files.0.path"}, advised(t, text, codes.PathVolatile))
	assert.Len(t, lint.Codes(), 26)
}

func TestABootAndThePeerAreNotAdvised(t *testing.T) {
	all := []diag.Problem{{Severity: diag.Advice, Code: codes.PathVolatile}}
	assert.Len(t, diag.For(diag.Workstation, all), 1)
	assert.Empty(t, diag.For(diag.Boot, all))
	assert.Empty(t, diag.For(diag.Peer, all))
}
