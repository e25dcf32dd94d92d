package language

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func TestOnlySecretPartsAreHidden(t *testing.T) {
	for _, c := range []struct{ tag, text, want string }{
		{"url", `"https://example.com/a/b"`, `"https://example.com/a/b"`},
		{"url", `"https://example.com:8080/a?b=c#d"`, `"https://example.com:8080/a?*"`},
		{"url", `"https://me:pw@example.com/a"`, `"https://*@example.com/a"`},
		{"url", `"https://me:p@w@example.com/a"`, `"https://*@example.com/a"`},
		{"url", `"https://me:p/w@example.com/a?b"`, `"https://*@example.com/a?*"`},
		{"url", `"https://example.com/@scope/a"`, `"https://example.com/@scope/a"`},
		{"url", `"https://example.com:pw/a"`, `"https://example.com:*/a"`},
		{"url", `"https://[fe80::1]/a#b"`, `"https://[fe80::1]/a#*"`},
		{"url", `"https://[fe80::1]:80/a"`, `"https://[fe80::1]:80/a"`},
		{"url", `"http://me:[pw proxy.invalid:3128"`, `"http://me:*"`},
		{"url", `"http://exa mple.com/a"`, `"http://*/a"`},
		{"url", `"ftp://example.com/a"`, `"ftp://example.com/a"`},
		{"url", `"s3://bucket/key?versionId=x"`, `"s3://bucket/key?*"`},
		{"url", `"arn:aws:s3:::bucket/a@b?versionId=x"`, `"arn:aws:s3:::bucket/a@b?*"`},
		{"url", `"data:,hello"`, "*"},
		{"url", `"DATA://hello"`, "*"},
		{"url", `"hunter"`, "*"},
		{"url", `"http//host/a"`, `"http//host/a"`},
		{"url", `"me:pw@host/a"`, "*"},
		{"url", `"https:\/\/me:pw@host"`, "*"},
		{"key", `"ssh-ed25519 AAAA me"`, `"ssh-ed25519 AAAA me"`},
		{"key", `"sk-ecdsa-sha2-nistp256@openssh.com AAAA"`, `"sk-ecdsa-sha2-nistp256@openssh.com AAAA"`},
		{"key", `"command=\"x\" ssh-ed25519 AAAA me"`, "*"},
		{"key", `"-----BEGIN OPENSSH PRIVATE KEY-----"`, "*"},
		{"header", `"X-Token"`, `"X-Token"`},
		{"header", `"Authorization: Bearer x"`, `"Authorization*"`},
		{"header", `"X-Token x"`, `"X-Token*"`},
		{"true", `"x"`, "*"},
	} {
		root, problem := tree.NewArena().ParseJSON(&diag.Document{Text: c.text})
		require.Nil(t, problem)
		var shown strings.Builder
		at := 0
		for _, span := range hiddenParts(c.tag, root) {
			shown.WriteString(c.text[at:span.Start] + "*")
			at = span.End
		}
		assert.Equal(t, c.want, shown.String()+c.text[at:], c.text)
	}
}
