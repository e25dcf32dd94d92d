//go:build disk

package fetch_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const program = "../../bin/glowplug"

// m is a piece of a config.
type m = map[string]any

// apply has the program provision one file, which the config has or one that it refers to, and gives its content, with
// all that was said.
func (w *world) apply(t *testing.T, ignition, contents m) (content []byte, log string, err error) {
	t.Helper()
	if ignition == nil {
		ignition = m{}
	}
	ignition["version"] = "3.4.0"
	config := m{"ignition": ignition}
	if contents != nil {
		config["storage"] = m{"files": []m{{"path": "/file", "contents": contents}}}
	}
	text, err := json.Marshal(config)
	require.NoError(t, err)
	dir := t.TempDir()
	root, file := filepath.Join(dir, "root"), filepath.Join(dir, "config.ign")
	require.NoError(t, os.Mkdir(root, 0o755))
	require.NoError(t, os.WriteFile(file, text, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "apply", "--root="+root, file).CombinedOutput()
	assert.NotContains(t, string(out), "secret")
	if err != nil {
		return nil, string(out), err
	}
	content, err = os.ReadFile(filepath.Join(root, "file"))
	require.NoError(t, err)
	return content, string(out), nil
}

// trusting is the part of a config that trusts the test's authority.
func (w *world) trusting(more m) m {
	all := m{"security": m{"tls": m{"certificateAuthorities": []m{{"source": w.authority}}}}}
	for key, value := range more {
		all[key] = value
	}
	return all
}

func hash(content []byte) m { return m{"hash": digest(content)} }

func TestRealServers(t *testing.T) {
	w := newWorld(t)
	text, large := []byte("from the server\n"), make([]byte, 5<<20)
	_, _ = rand.Read(large)
	for name, content := range map[string][]byte{"text": text, "private": text, "packed": zipped(text),
		"large": large} {
		require.NoError(t, os.WriteFile(w.path("served/"+name), content, 0o644))
		// nginx gives a strong tag; the date is old enough to count too.
		require.NoError(t, os.Chtimes(w.path("served/"+name), time.Unix(1e9, 0), time.Unix(1e9, 0)))
	}
	w.nginx(t)
	w.tftpd(t)
	w.proxy(t)
	w.s3(t)
	cutter(t, "127.0.0.2:8080", 2, 1<<20)
	proxied := m{"httpProxy": "http://me:secret@127.0.0.1:3128", "httpsProxy": "http://me:secret@127.0.0.1:3128"}
	for name, test := range map[string]struct {
		ignition, contents m
		want               []byte
		log, in            string // what a server's log must have
		err                string
	}{
		"nginx by IPv4": {nil, m{"source": "http://config.test/text"}, text, "GET /text HTTP/1.1 200", "access.log",
			""},
		"nginx by IPv6": {nil, m{"source": "http://[::1]/text"}, text, "", "", ""},
		"HTTP/2 over TLS": {w.trusting(nil), m{"source": "https://config.test/large", "verification": hash(large)},
			large, "GET /large HTTP/2.0 200", "access.log", ""},
		"a redirect to TLS": {w.trusting(nil), m{"source": "http://config.test/moved/"}, nil, "", "", "403 Forbidden"},
		"gzip": {nil, m{"source": "http://config.test/packed", "compression": "gzip", "verification": hash(text)}, text,
			"", "", ""},
		"a password": {nil, m{"source": "http://me:secret@config.test/private"}, text, "", "", ""},
		"a wrong password": {nil, m{"source": "http://me:secret2@config.test/private"}, nil, "", "",
			"401 Unauthorized"},
		"a file that is not there": {nil, m{"source": "http://config.test/none"}, nil, "", "", "not found"},
		"another digest": {nil, m{"source": "http://config.test/text", "verification": hash(large)}, nil, "", "",
			"sha512 does not match"},
		"connections that break off": {nil, m{"source": "http://127.0.0.2:8080/large", "verification": hash(large)},
			large, "GET /large HTTP/1.1 206 bytes=", "access.log", ""},
		"an authority that is not known": {m{"timeouts": m{"httpTotal": 1}}, m{"source": "https://config.test/text"},
			nil, "", "", "certificate signed by unknown authority"},
		"a busy server, until time is up": {m{"timeouts": m{"httpTotal": 1}}, m{"source": "http://config.test/busy"},
			nil, "", "", "429 Too Many Requests"},
		"a proxy": {m{"proxy": proxied}, m{"source": "http://config.test/text"}, text, "GET http://config.test/text",
			"proxy.log", ""},
		"a proxy to TLS": {w.trusting(m{"proxy": proxied}), m{"source": "https://config.test/text"}, text,
			"CONNECT config.test:443", "proxy.log", ""},
		"a proxy that is not there": {m{"proxy": m{"httpProxy": "http://127.0.0.1:3129"},
			"timeouts": m{"httpTotal": 1}}, m{"source": "http://config.test/text"}, nil, "", "", "connection refused"},
		"tftpd by IPv4":  {nil, m{"source": "tftp://config.test/text"}, text, "", "", ""},
		"tftpd by IPv6":  {nil, m{"source": "tftp://[::1]/large", "verification": hash(large)}, large, "", "", ""},
		"tftpd and gzip": {nil, m{"source": "tftp://config.test/packed", "compression": "gzip"}, text, "", "", ""},
		"tftpd without the file": {nil, m{"source": "tftp://config.test/none"}, nil, "", "",
			"tftp://config.test/none: not found"},
		"S3": {w.trusting(nil), m{"source": "s3://bucket/files/large", "verification": hash(large)}, large,
			"GET bucket.s3.dualstack.eu-west-1.amazonaws.com /files/large", "s3server.out", ""},
		"S3 by ARN": {w.trusting(nil), m{"source": "arn:aws:s3:::bucket/files/text"}, text,
			"HEAD bucket.s3.us-east-1.amazonaws.com /", "s3server.out", ""},
		"S3 without the object": {w.trusting(nil), m{"source": "s3://bucket/none"}, nil, "", "",
			"s3://bucket/none: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			got, log, err := w.apply(t, test.ignition, test.contents)
			if test.err != "" {
				require.Error(t, err)
				assert.Contains(t, log, test.err)
				return
			}
			require.NoError(t, err, log)
			assert.True(t, bytes.Equal(test.want, got))
			if test.in != "" {
				assert.Contains(t, w.read(t, test.in), test.log)
			}
		})
	}
	assert.Equal(t, 2, strings.Count(w.read(t, "access.log"), "GET /large HTTP/1.1 206 bytes="),
		"each break is continued")
	w.configs(t)
}

// configs has the servers give configs and authorities.
func (w *world) configs(t *testing.T) {
	child := []byte(
		`{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/file","contents":{"source":"data:,child"}}]}}`)
	impatient := []byte(`{"ignition":{"version":"3.4.0","timeouts":{"httpTotal":1}},` +
		`"storage":{"files":[{"path":"/file","contents":{"source":"http://config.test/busy"}}]}}`)
	authority, err := url.PathUnescape(strings.TrimPrefix(w.authority, "data:,"))
	require.NoError(t, err)
	bundle := []byte(authority + "\n# another\n" + authority + "\n\n")
	for name, content := range map[string][]byte{"child": child, "child.gz": zipped(child), "impatient": impatient,
		"ca": bundle, "ca.gz": zipped(bundle)} {
		require.NoError(t, os.MkdirAll(filepath.Dir(w.path("served/"+name)), 0o755))
		require.NoError(t, os.WriteFile(w.path("served/"+name), content, 0o644))
	}
	merge := func(r m) m { return m{"config": m{"merge": []m{r}}} }
	by := func(ca m, r m) m {
		return m{"security": m{"tls": m{"certificateAuthorities": []m{ca}}}, "config": m{"replace": r}}
	}
	header := []m{{"name": "X-Token", "value": "secret"}}
	tls := m{"source": "https://config.test/child"}
	for name, test := range map[string]struct {
		ignition m
		err      string
	}{
		"by http":                {merge(m{"source": "http://config.test/child"}), ""},
		"in place of the config": {m{"config": m{"replace": m{"source": "http://config.test/child"}}}, ""},
		"compressed, with a digest": {merge(m{"source": "http://config.test/child.gz", "compression": "gzip",
			"verification": hash(child)}), ""},
		"with a header":      {merge(m{"source": "http://config.test/headed/child", "httpHeaders": header}), ""},
		"without the header": {merge(m{"source": "http://config.test/headed/child"}), "403 Forbidden"},
		"by a redirect, with the header": {merge(m{"source": "http://config.test/near/child", "httpHeaders": header}),
			""},
		"by a redirect away from TLS": {by(m{"source": w.authority}, m{"source": "https://config.test/down/child"}),
			"redirected from https to http"},
		"and a digest": {by(m{"source": w.authority},
			m{"source": "https://config.test/down/child", "verification": hash(child)}), ""},
		"packed, though nobody asks for it": {merge(m{"source": "http://config.test/encoded/child.gz",
			"verification": hash(child)}), ""},
		"by a redirect, without the header": {merge(m{"source": "http://config.test/away/child",
			"httpHeaders": header}), "403 Forbidden"},
		"by a redirect to TLS": {by(m{"source": w.authority}, m{"source": "http://config.test/moved/child"}), ""},
		"by tftp":              {merge(m{"source": "tftp://[::1]/child"}), ""},
		"another digest": {merge(m{"source": "tftp://[::1]/child", "verification": hash(bundle)}),
			"sha512 does not match"},
		"a config that is not there": {merge(m{"source": "http://config.test/none"}), "not found"},
		"a child that shortens the limits": {merge(m{"source": "http://config.test/impatient"}),
			"could not be fetched in time (1s"},
		"by an authority in the config": {by(m{"source": w.authority}, tls), ""},
		"by a bundle from a server":     {by(m{"source": "http://config.test/ca"}, tls), ""},
		"by a compressed bundle, with a header": {
			by(m{"source": "http://config.test/headed/ca.gz", "compression": "gzip", "httpHeaders": header,
				"verification": hash(bundle)}, tls), "",
		},
		"without the authority": {m{"timeouts": m{"httpTotal": 1}, "config": m{"replace": tls}},
			"certificate signed by unknown authority"},
	} {
		t.Run("configs "+name, func(t *testing.T) {
			got, log, err := w.apply(t, test.ignition, nil)
			if test.err != "" {
				require.Error(t, err)
				assert.Contains(t, log, test.err)
				return
			}
			require.NoError(t, err, log)
			assert.Equal(t, "child", string(got))
		})
	}
}
