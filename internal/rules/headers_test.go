package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

func TestHeadersThatNoRequestCanHaveAreErrors(t *testing.T) {
	for _, c := range []struct{ header, path, hint string }{
		{`{"name": "Authorization: Bearer SEKRET"}`, "name", "before the colon"},
		{`{"name": "Authorization Bearer", "value": "x"}`, "name", "before the blank"},
		{`{"name": "é", "value": "x"}`, "name", "letters, digits and dashes"},
		{`{"name": "a", "value": "x\nb: c"}`, "value", "one line"},
		{`{"name": "a", "value": "x\u0000"}`, "value", "one line"},
		{`{"name": "X-Auth_Token.1", "value": "a\tb é"}`, "", ""},
	} {
		for _, where := range []string{"storage.files.0.contents", "storage.files.0.append.0", "storage.luks.0.keyFile",
			"ignition.config.merge.0", "ignition.config.replace", "ignition.security.tls.certificateAuthorities.0"} {
			doc, _ := configs.Judge("x", []byte(withResource(where,
				`{"source": "https://a/b", "httpHeaders": [`+c.header+`]}`)))
			require.NotNil(t, doc)
			var told []string
			for _, p := range diag.For(diag.Workstation, rules.Further(doc)) {
				told = append(told, p.Path)
				assert.Contains(t, p.Hint, c.hint)
				assert.NotContains(t, p.Message+p.Hint, "SEKRET")
			}
			if c.path == "" {
				assert.Empty(t, told, where)
				continue
			}
			assert.Equal(t, []string{"$." + where + ".httpHeaders.0." + c.path}, told)
			assert.Empty(t, diag.For(diag.Peer, rules.Further(doc)))
		}
	}
}

// withResource is a config with a resource at a path.
func withResource(path, resource string) string {
	config := map[string]string{
		"storage.files.0.contents":                       `@}, "storage": {"files": [{"contents": $}]}}`,
		"storage.files.0.append.0":                       `@}, "storage": {"files": [{"append": [$]}]}}`,
		"storage.luks.0.keyFile":                         `@}, "storage": {"luks": [{"keyFile": $}]}}`,
		"ignition.config.merge.0":                        `@, "config": {"merge": [$]}}}`,
		"ignition.config.replace":                        `@, "config": {"replace": $}}}`,
		"ignition.security.tls.certificateAuthorities.0": `@, "security": {"tls": {"certificateAuthorities": [$]}}}}`,
	}[path]
	return strings.NewReplacer("@", `{"ignition": {"version": "3.6.0"`, "$", resource).Replace(config)
}

func TestTheValueInTheNameOfAHeaderIsNotRepeated(t *testing.T) {
	for _, headers := range []string{`{"name": "a: SEKRET", "value": ""}`,
		`{"name": "a: SEKRET"}, {"name": "A: SEKRET"}`, `{"name": "a: SEKRET"}, {"name": "a: SEKRET"}`} {
		_, problems := configs.Judge("x", []byte(withResource("storage.files.0.contents",
			`{"source": "https://a/b", "httpHeaders": [`+headers+`]}`)))
		told := ""
		for _, p := range problems {
			told += p.Message + p.Hint + diag.Style{}.Text(p)
		}
		assert.Contains(t, told, "a[redacted]")
		assert.NotContains(t, told, "SEKRET")
	}
}
