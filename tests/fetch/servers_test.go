//go:build disk

package fetch_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inside says that this process has the namespaces that the servers are to run in, and where the S3 store is.
const inside = "GLOWPLUG_FETCH_INSIDE"

// TestMain runs the tests once more in namespaces of their own.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	if out, err := exec.Command("./prepare").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "prepare: %v: %s\n", err, out)
		os.Exit(1)
	}
	if err := again(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// again runs this program in namespaces of its own. What the compiler may have to fetch it fetches before.
func again() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "glowplug-fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("go", "build", "-C", "s3server", "-o", dir, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	run := exec.Command("unshare", append([]string{"--net", "--mount", "--mount-proc", "--pid", "--fork",
		"--kill-child", self}, os.Args[1:]...)...)
	run.Env = append(os.Environ(), inside+"="+dir)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	return run.Run()
}

// hosts are the names of the servers.
const hosts = `127.0.0.1 localhost
127.0.0.2 config.test
127.0.0.3 bucket.s3.us-east-1.amazonaws.com bucket.s3.dualstack.eu-west-1.amazonaws.com
`

// A world is the servers and the folder that they serve.
type world struct {
	dir       string // with "served", the logs, the keys
	authority string // the CA's certificate as a data: URL
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	require.NoError(t, os.Chmod(filepath.Dir(w.dir), 0o755))
	require.NoError(t, os.Chmod(w.dir, 0o755))
	w.run(t, "ip", "link", "set", "lo", "up")
	// Where all addresses are loopback ones the resolver of libc gives none to a server (AI_ADDRCONFIG).
	w.run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "lo")
	w.run(t, "ip", "addr", "add", "2001:db8::1/64", "dev", "lo", "nodad")
	w.run(t, "mount", "--make-rprivate", "/")
	w.write(t, "hosts", hosts)
	w.run(t, "mount", "--bind", w.path("hosts"), "/etc/hosts")
	require.NoError(t, os.Mkdir(w.path("served"), 0o755))
	w.certify(t)
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(w.path(name), []byte(text), 0o644))
}

func (w *world) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(w.path(name))
	require.NoError(t, err)
	return string(text)
}

func (w *world) run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}

// serve starts a server and waits until it answers at an address, which is "" for one that cannot be asked.
func (w *world) serve(t *testing.T, address, name string, args ...string) {
	t.Helper()
	log, err := os.Create(w.path(filepath.Base(name) + ".out"))
	require.NoError(t, err)
	command := exec.Command(name, args...)
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = command.Wait() }()
	t.Cleanup(func() { _ = command.Process.Kill(); <-ended; log.Close() })
	for range 200 {
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			require.FailNow(t, "the server ended", "%s: %v: %s", name, command.ProcessState, text)
		case <-time.After(50 * time.Millisecond):
		}
		if address == "" {
			return
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	require.FailNow(t, "the server does not come up", name)
}

// certify makes an authority and a certificate of the names in hosts.
func (w *world) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: from, NotAfter: to,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to,
		DNSNames: strings.Fields(strings.NewReplacer("127.0.0.1", "", "127.0.0.2", "", "127.0.0.3", "").Replace(hosts))}
	issue := func(c *x509.Certificate) string {
		der, err := x509.CreateCertificate(rand.Reader, c, authority, &key.PublicKey, key)
		require.NoError(t, err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	w.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
	w.write(t, "leaf.pem", issue(leaf))
	w.authority = "data:," + strings.NewReplacer("\n", "%0A", " ", "%20").Replace(issue(authority))
}

func (w *world) nginx(t *testing.T) {
	w.write(t, "nginx.conf",
		strings.ReplaceAll(`daemon off; pid $/nginx.pid; error_log $/nginx.err; worker_processes 1; user root;
events {}
http {
	log_format ours '$request $status $http_range';
	access_log $/access.log ours;
	client_body_temp_path $/tmp1; proxy_temp_path $/tmp2; fastcgi_temp_path $/tmp3; uwsgi_temp_path $/tmp4; scgi_temp_path $/tmp5;
	gzip on; gzip_types *; gzip_min_length 1;
	server {
		listen 127.0.0.2:80; listen [::1]:80; listen 127.0.0.2:443 ssl http2; listen [::1]:443 ssl http2;
		ssl_certificate $/leaf.pem; ssl_certificate_key $/key.pem;
		root $/served;
		location = /moved/child { return 302 https://config.test/child; }
		location /moved/ { return 302 https://config.test/; }
		location /busy { return 429; }
		location /near/ { return 302 http://config.test/headed/child; }
		location /away/ { return 302 http://[::1]/headed/child; }
		location /down/ { return 302 http://config.test/child; }
		location /encoded/ { add_header Content-Encoding gzip; alias $/served/; }
		location /headed/ { if ($http_x_token != secret) { return 403; } alias $/served/; }
		location /private { auth_basic x; auth_basic_user_file $/passwords; }
	}
}
`, "$/", w.dir+"/"))
	w.write(t, "passwords", "me:{PLAIN}secret\n")
	w.serve(t, "127.0.0.2:80", "nginx", "-c", w.path("nginx.conf"), "-e", w.path("nginx.err"))
}

func (w *world) tftpd(t *testing.T) {
	w.serve(t, "", "in.tftpd", "--listen", "--foreground", "--secure", "--address", "127.0.0.2:69", w.path("served"))
	w.serve(t, "", "in.tftpd", "--listen", "--foreground", "--secure", "--address", "[::1]:69", w.path("served"))
	time.Sleep(200 * time.Millisecond) // a first packet that is lost costs five seconds
}

func (w *world) proxy(t *testing.T) {
	w.write(t, "tinyproxy.conf", strings.ReplaceAll("Port 3128\nListen 127.0.0.1\nLogFile \"$/proxy.log\"\n"+
		"LogLevel Info\nPidFile \"$/proxy.pid\"\nBasicAuth me secret\nConnectPort 443\n", "$", w.dir))
	w.serve(t, "127.0.0.1:3128", "tinyproxy", "-d", "-c", w.path("tinyproxy.conf"))
}

func (w *world) s3(t *testing.T) {
	w.serve(t, "127.0.0.3:443", filepath.Join(os.Getenv(inside), "s3server"), "127.0.0.3:443", w.path("leaf.pem"),
		w.path("key.pem"), "bucket", "eu-west-1", w.path("served"))
}

// cutter passes connections on to nginx, and breaks the first so many off after a number of bytes.
func cutter(t *testing.T, address string, cuts int, after int64) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	pass := func(conn net.Conn, n int64) {
		defer conn.Close()
		to, err := net.Dial("tcp", "127.0.0.2:80")
		if err != nil {
			return
		}
		defer to.Close()
		go func() { _, _ = io.Copy(to, conn) }()
		_, _ = io.CopyN(conn, to, n)
	}
	go func() {
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if n < cuts {
				go pass(conn, after)
			} else {
				go pass(conn, 1<<40)
			}
		}
	}()
}

func digest(content []byte) string {
	sum := sha512.Sum512(content)
	return "sha512-" + hex.EncodeToString(sum[:])
}

func zipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(content)
	_ = z.Close()
	return b.Bytes()
}
