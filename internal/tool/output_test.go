package tool

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

const passphrase = "correct horse battery staple"

func TestWhatAFailedToolSaid(t *testing.T) {
	noise := "i=0; while [ $i -lt 2999 ]; do echo noise noise >&2; i=$((i+1)); done\n"
	for name, c := range map[string]struct {
		script  string
		command Command
		want    string
	}{
		"its first words are kept": {"echo it is the disk >&2\n" + noise, Command{},
			"tool: exit status 1: it is the disk; noise noise; "},
		"its last words are kept":     {noise + "echo it is the disk >&2", Command{}, "noise; it is the disk"},
		"what is between is left out": {"echo a >&2\n" + noise + "echo b >&2", Command{}, " … "},
		"its output counts":           {"echo it is the disk", Command{}, "tool: exit status 1: it is the disk"},
		"its output comes before how it is used": {"echo it is the disk\necho 'Usage: tool [FLAGS]' >&2\n" + noise,
			Command{}, "tool: exit status 1: it is the disk; Usage: tool [FLAGS]; noise"},
		"else its errors come first": {"echo 12 % done; echo it is the disk >&2", Command{},
			"tool: exit status 1: it is the disk; it had printed: 12 % done"},
		"standard input is hidden": {`read -r s; echo "bad: <$s>" >&2`, Command{Stdin: passphrase + "\n"}, "bad: <…>"},
		"a key file is hidden": {`echo "bad: <$(cat /proc/self/fd/3)>" >&2`,
			Command{Secrets: []diag.Secret{passphrase}}, "bad: <…>"},
		"a part of a secret is hidden":         {`echo "bad: <horse battery>"`, Command{Stdin: passphrase}, "bad: <…>"},
		"a short line of a secret is hidden":   {`echo "bad: <4711>"`, Command{Stdin: "pin\n4711\n"}, "bad: <…>"},
		"what is no secret worth hiding stays": {`echo "slot 1"`, Command{Stdin: "1\n"}, "slot 1"},
		"input that is none stays": {`read -r s; echo "bad: $s"`, Command{Input: "/usr/bin/thing\n"},
			"bad: /usr/bin/thing"},
		"but for a secret in it": {`read -r s; echo "bad: $s"`, Command{Input: "administrator:$6$salt$hash\n",
			Hidden: []diag.Secret{"$6$salt$hash"}}, "bad: administrator:…"},
		"an argument stays": {`echo "no $1"`, Command{Args: []string{"/dev/disk/by-label/data"}, Stdin: "data"},
			"no /dev/disk/by-label/data"},
		"unless arguments are private": {`echo "no $1"`,
			Command{Args: []string{"hunter22"}, Private: true, Hidden: []diag.Secret{"hunter22"}}, "no …"},
		"a secret that an argument is part of": {`echo "no $1 open-sesame"`,
			Command{Args: []string{"open"}, Stdin: "open-sesame"}, "no open …"},
		"of a URL the server stays": {`echo "no http://u:pass@t/x?k=v"`,
			Command{Hidden: []diag.Secret{"http://u:pass@t/x?k=v"}}, "no http://…@t/x?k=…"},
		"a password of a URL is hidden by itself": {`echo "user pass0word, key 0123456789"`,
			Command{Hidden: []diag.Secret{"http://u:pass0word@t/x?k=0123456789"}}, "user …, key …"},
		"control bytes are escaped, and lines joined": {`printf 'a\tb\r\nc\033[1m' >&2`, Command{}, `a b; c\x1b[1m`},
	} {
		t.Run(name, func(t *testing.T) {
			c.command.Tool = "tool"
			_, err := script(t, c.script+"\nexit 1").Run(t.Context(), c.command)
			require.ErrorContains(t, err, c.want)
			assert.Less(t, len(err.Error()), errorShown+outputShown+100)
			for _, secret := range append(c.command.Secrets, c.command.Stdin) {
				if len(secret) > shortSecret && c.command.Args == nil {
					assert.NotContains(t, err.Error(), strings.TrimSpace(secret.Reveal()))
				}
			}
		})
	}
}

// A secret is hidden wherever it stands, also where what is kept of a long output begins or ends in it.
func TestNoStretchOfASecretIsToldWhereverItStands(t *testing.T) {
	for before := 0; before < 3*edgeKept; before += 111 {
		e := &edges{}
		_, err := e.Write([]byte(strings.Repeat(".", before) + passphrase + strings.Repeat(".", 2*edgeKept)))
		require.NoError(t, err)
		line := e.line(scrubber{secrets: []diag.Secret{passphrase}}, 4*edgeKept)
		assert.NotRegexp(t, "[a-z]", line, before)
	}
}

func FuzzScrubbing(f *testing.F) {
	f.Add("bad key: open-sesame", "open-sesame", "/dev/vda")
	f.Add("aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaa", "a")
	f.Add("http://t/", "http://t/", "")
	f.Fuzz(func(t *testing.T, text, secret, public string) {
		shown := scrubber{[]diag.Secret{diag.Secret(secret)}, []string{public}}.text(text)
		if len(secret) >= piece && !isURL(secret) && !strings.Contains(public, secret) {
			assert.NotContains(t, shown, secret)
		}
		if isURL(secret) || strings.Contains(text, "…") {
			return
		}
		assert.LessOrEqual(t, len(strings.ReplaceAll(shown, "…", "")), len(text))
	})
}
