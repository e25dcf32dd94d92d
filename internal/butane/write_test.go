package butane_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// written gives a config as a Butane document.
func written(t *testing.T, text string) string {
	t.Helper()
	doc, problems := configs.Parse("a.ign", []byte(text))
	require.False(t, diag.Fatal(problems), "%v", problems)
	return string(butane.Write(doc.At("$", tree.Index{}), butane.ForConfigs(doc.Version)))
}

func TestConfigsAreWrittenAsPeopleWriteDocuments(t *testing.T) {
	for claim, test := range map[string]struct{ config, want string }{
		"nothing but a version": {`{"ignition": {"version": "3.4.0"}}`, "variant: fcos\nversion: 1.5.0\n"},
		"what a version always has": {`{"ignition": {"version": "3.0.0", "config": {"merge": [{}]}}}`,
			"variant: fcos\nversion: 1.1.0\nignition:\n  config:\n    merge:\n      - {}\n"},
		"keys and modes": {`{"ignition": {"version": "3.5.0", "timeouts": {"httpTotal": 10}},
			"storage": {"disks": [{"device": "/dev/a", "partitions": [{"number": 0, "sizeMiB": 5}]}],
			"directories": [{"path": "/a", "mode": 493, "user": {}}], "files": [{"path": "/b c", "mode": 0}]}}`,
			`variant: fcos
version: 1.6.0
ignition:
  timeouts:
    http_total: 10
storage:
  directories:
    - mode: 0755
      path: /a
  disks:
    - device: /dev/a
      partitions:
        - size_mib: 5
  files:
    - mode: 00
      path: "/b c"
`},
		"contents": {`{"ignition": {"version": "3.6.0"}, "storage": {"files": [
			{"path": "/a", "contents": {"source": "data:,a%0Ab%0A", "compression": ""}},
			{"path": "/b", "contents": {"source": "data:;base64,AAE="}},
			{"path": "/c", "contents": {"source": "data:,"}},
			{"path": "/d", "contents": {"source": "http://a/b", "httpHeaders": [{"name": "x"}]}},
			{"path": "/e", "append": [{"source": "data:,no"}]},
			{"path": "/f", "contents": {"source": "data:,x", "compression": "gzip"}}]}}`,
			`variant: fcos
version: 1.7.0
storage:
  files:
    - contents:
        inline: |
          a
          b
      path: /a
    - contents:
        source: "data:;base64,AAE="
      path: /b
    - contents:
        source: data:,
      path: /c
    - contents:
        http_headers:
          - name: x
        source: http://a/b
      path: /d
    - append:
        - inline: "no"
      path: /e
    - contents:
        compression: gzip
        source: data:,x
      path: /f
`},
	} {
		t.Run(claim, func(t *testing.T) { assert.Equal(t, test.want, written(t, test.config)) })
	}
}

func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	for _, text := range []string{"a", "a\n", "\n", " a\nb\n", "a\n\n", "a\n b\n\tc\n", "a\r\nb\n", "#a\n#b\n",
		"---\n...\n", "- a\n- b\n", "yes", "0644", "1.5", "~", "a: b", "a #b", "\t", "\u2028", "\u0085\nb\n", "'",
		`"\n`, "ä\nß\n", "%41\nb\n", "a\n  \nb\n", "\U0001f600\nb\n", "null", "{a}", "|\nb\n"} {
		config := `{"ignition": {"version": "3.6.0"}, "systemd": {"units": [{"name": "a.service", "contents": ` +
			string(document.AppendQuoted(nil, text)) + `}]}}`
		r := parse(written(t, config))
		require.False(t, diag.Fatal(r.Problems), "%v", r.Problems)
		assert.Equal(t, text, *r.Config.Config().Systemd.Units[0].Contents, strconv.Quote(text))
	}
}

func TestEveryVersionHasADialectThatSaysAllOfIt(t *testing.T) {
	for v := config.V3_0; v <= config.Newest; v++ {
		d := butane.ForConfigs(v)
		assert.Equal(t, "fcos", d.Variant)
		assert.True(t, (config.Range{Before: d.Spec + 1}).Has(v), v)
	}
}
