package rules_test

import (
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

func TestContentInEveryPlaceIsHeldAgainstItsDigest(t *testing.T) {
	for _, where := range []string{"storage.files.0.contents", "storage.files.0.append.0", "storage.luks.0.keyFile",
		"ignition.config.merge.0", "ignition.config.replace", "ignition.security.tls.certificateAuthorities.0"} {
		doc, _ := configs.Judge("x", []byte(withResource(where,
			`{"source": "data:,SEKRET", "verification": {"hash": "sha256-`+hex64+`"}}`)))
		require.NotNil(t, doc)
		problems := rules.Further(doc)
		assert.Contains(t, found(problems), "error content-digest $."+where+".verification.hash")
		assert.Empty(t, diag.For(diag.Peer, problems), where)
		for _, p := range problems {
			assert.NotContains(t, p.Message+p.Hint, "SEKRET")
		}
	}
}

// A key without a source is a random one (docs/peer/engine.md §9.3), whatever else the config says of it.
func TestAKeyWithoutASourceIsHeldAgainstNothing(t *testing.T) {
	for _, rest := range []string{`"compression": "gzip"`, `"verification": {"hash": "sha256-` + hex64 + `"}`} {
		doc, _ := configs.Judge("x", []byte(withResource("storage.luks.0.keyFile", `{"source": "", `+rest+`}`)))
		require.NotNil(t, doc)
		assert.Empty(t, found(rules.Further(doc)), rest)
	}
}

func TestContentOfAConfigThatIsReplacedIsNotWritten(t *testing.T) {
	const file = `"storage": {"files": [{"path": "/a", "contents": {"source": "data:,x", "compression": "gzip"}}]}`
	doc, _ := configs.Judge("x", []byte(`{"ignition": {"version": "3.6.0", "config": {"replace": `+
		`{"source": "https://h/x"}}}, `+file+`}`))
	assert.Empty(t, found(rules.Further(doc)))
	doc, _ = configs.Judge("x", []byte(`{"ignition": {"version": "3.6.0"}, `+file+`}`))
	assert.Equal(t, []string{"error content-gzip $.storage.files.0.contents.compression"}, found(rules.Further(doc)))
}

func TestContentThatIsFetchedIsJudgedWhereItIsAtHand(t *testing.T) {
	open := func(url string) (io.ReadCloser, error) {
		switch url {
		case "https://h/bad":
			return nil, fs.ErrPermission
		case "https://h/none":
			return nil, nil
		}
		return io.NopCloser(strings.NewReader("SEKRET")), nil
	}
	const authorities = "ignition.security.tls.certificateAuthorities.0"
	for _, c := range []struct{ where, resource, want string }{
		{"storage.files.0.contents", `{"source": "https://h/none", "compression": "gzip"}`, ""},
		{"storage.files.0.contents", `{"source": "https://h/x"}`, ""},
		{"storage.files.0.contents", `{"source": "https://h/x", "compression": "gzip"}`, "content-gzip .compression"},
		{"storage.luks.0.keyFile", `{"source": "https://h/x", "verification": {"hash": "sha256-` + hex64 + `"}}`,
			"content-digest .verification.hash"},
		{"storage.files.0.append.0", `{"source": "https://h/bad"}`, "unreadable .source"},
		{authorities, `{"source": "https://h/x"}`, "authority-certificate .source"},
		{authorities, `{"source": "https://h/x", "compression": "gzip"}`,
			"content-gzip .compression"},
		{"ignition.config.merge.0", `{"source": "https://h/x", "compression": "gzip"}`, ""}, // who merges it tells
	} {
		doc, _ := configs.Judge("x", []byte(withResource(c.where, c.resource)))
		require.NotNil(t, doc)
		got := found(rules.Contents(doc, open))
		if c.want == "" {
			assert.Empty(t, got, c.resource)
			continue
		}
		code, key, _ := strings.Cut(c.want, " ")
		assert.Equal(t, []string{"error " + code + " $." + c.where + key}, got)
	}
}
