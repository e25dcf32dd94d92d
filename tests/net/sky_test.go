//go:build disk

package net_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inside holds the folder with the program, in a process that has namespaces of its own.
const inside = "GLOWPLUG_NET_INSIDE"

// TestMain builds the program and runs the tests once more in namespaces of their own: this process is the cloud then.
func TestMain(m *testing.M) {
	var err error
	if dir := os.Getenv(inside); dir != "" {
		if err = sky.rise(dir); err == nil {
			os.Exit(m.Run()) // which ends the namespaces too
		}
	} else if out, failed := exec.Command("./prepare").CombinedOutput(); failed != nil {
		err = fmt.Errorf("prepare: %w: %s", failed, out)
	} else {
		err = again()
	}
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		os.Exit(ended.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func again() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "glowplug-net-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "ignition"), "../../cmd/ignition")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if err := os.Symlink("ignition", filepath.Join(dir, "ignition-rmcfg")); err != nil {
		return err
	}
	run := exec.Command("unshare", append([]string{"--net", "--mount", "--mount-proc", "--pid", "--fork",
		"--kill-child", self}, os.Args[1:]...)...)
	run.Env = append(os.Environ(), inside+"="+dir)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	return run.Run()
}

// names are the hosts of production that tests serve. They all lead to one address.
var names = []string{
	"metadata.packet.net", "bucket.s3.eu-west-1.amazonaws.com", "bucket.s3.dualstack.eu-west-1.amazonaws.com",
	"account.blob.core.windows.net",
}

// Where the cloud's services may be.
const (
	v4        = "169.254.169.254:80"
	v4Scale   = "169.254.42.42:80"
	v6Amazon  = "[fd00:ec2::254]:80"
	v6Google  = "[fd20:ce::254]:80"
	v6Scale   = "[fd00:42::42]:80"
	v6Link    = "[fe80::a9fe:a9fe%cloud0]:80"
	farAway   = "192.0.2.1:80"
	farSecure = "192.0.2.1:443"
)

// A heaven is the cloud's side: the wire to the machine, which has a network namespace too, and an authority that the
// machine trusts.
type heaven struct {
	dir         string
	machine     int // a process in the machine's network
	certificate tls.Certificate
}

var sky heaven

// rise makes the wire, the hosts file and the certificates. What it mounts and makes ends with the namespaces.
func (h *heaven) rise(dir string) error {
	h.dir = dir
	keep := exec.Command("sleep", "infinity")
	keep.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := keep.Start(); err != nil {
		return err
	}
	h.machine = keep.Process.Pid
	hosts := "127.0.0.1 localhost\n192.0.2.1 " + strings.Join(names, " ") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts), 0o644); err != nil {
		return err
	}
	if err := os.MkdirAll("/dev/disk/by-label", 0o755); err != nil {
		return err
	}
	script := strings.NewReplacer("$PID", strconv.Itoa(h.machine), "$DIR", dir).Replace(`
		mount --make-rprivate /
		mount --bind $DIR/hosts /etc/hosts
		mount -t tmpfs labels /dev/disk/by-label
		if [ -e /dev/vboxguest ]; then mount --bind /dev/null /dev/vboxguest; fi
		ip link set lo up
		ip link add cloud0 type veth peer name eth0 netns $PID
		echo 0 >/proc/sys/net/ipv6/conf/cloud0/accept_dad
		ip link set cloud0 up
		for a in 169.254.169.254/16 169.254.42.42/16 192.0.2.1/24; do ip addr add $a dev cloud0; done
		for a in fd00:ec2::254/64 fd20:ce::254/64 fd00:42::42/64 fe80::a9fe:a9fe/64; do ip addr add $a dev cloud0 nodad; done
		nsenter --target $PID --net sh -ec '
			ip link set lo up
			echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
			ip link set eth0 up
			for a in 169.254.0.2/16 192.0.2.2/24; do ip addr add $a dev eth0; done
			for a in fd00:ec2::2/64 fd20:ce::2/64 fd00:42::2/64; do ip addr add $a dev eth0 nodad; done'
	`)
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		return fmt.Errorf("network: %w: %s", err, out)
	}
	return h.certify()
}

// certify makes an authority, which trusted.pem has, and a certificate of the names.
func (h *heaven) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: from, NotAfter: to}
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		return err
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: from, NotAfter: to}, authority, &key.PublicKey, key)
	h.certificate = tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}
	return errors.Join(err,
		os.WriteFile(h.dir+"/trusted.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}), 0o644))
}

// A service is one of the cloud's, at some addresses.
type service struct {
	mu    sync.Mutex
	asked []string // "METHOD host/path?query" of each request
	conns int      // that were opened to it
}

// serve has a handler answer at addresses, those of port 443 by TLS, until the test ends.
func serve(t *testing.T, handler http.HandlerFunc, addresses ...string) *service {
	t.Helper()
	return serveLate(t, 0, handler, addresses...)
}

// serveLate does so after a while; until then connections are refused.
func serveLate(t *testing.T, delay time.Duration, handler http.HandlerFunc, addresses ...string) *service {
	t.Helper()
	s := &service{}
	server := &http.Server{Handler: s.noting(handler), ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conns++
		}
	}}
	up := make(chan error, 1)
	start := func() { up <- listen(server, addresses) }
	timer := time.AfterFunc(delay, start)
	if delay == 0 {
		require.NoError(t, <-up)
	}
	t.Cleanup(func() {
		if !timer.Stop() && delay > 0 {
			assert.NoError(t, <-up)
		}
		_ = server.Close()
	})
	return s
}

func listen(server *http.Server, addresses []string) error {
	for _, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return err
		}
		if strings.HasSuffix(a, ":443") {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{sky.certificate}})
		}
		go func() { _ = server.Serve(l) }()
	}
	return nil
}

func (s *service) noting(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.Host+r.URL.RequestURI())
		s.mu.Unlock()
		handler(w, r)
	})
}

// requests are those since the last call, and how many connections there have been so far.
func (s *service) requests() (asked []string, conns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked, s.asked = s.asked, nil
	return asked, s.conns
}

// A machine is what boots: it has a folder for all that a boot leaves.
type machine struct {
	t        *testing.T
	dir      string
	platform string
}

func newMachine(t *testing.T, platform string) *machine {
	t.Helper()
	m := &machine{t, t.TempDir(), platform}
	for _, name := range []string{"root", "run", "tmp", "dirs"} {
		require.NoError(t, os.Mkdir(m.path(name), 0o755))
	}
	m.write("cmdline", "quiet\n")
	// What a drive is mounted at is gone in the end, and with it what was mounted.
	t.Cleanup(func() {
		left, err := os.ReadDir(m.path("tmp"))
		assert.NoError(t, err)
		assert.Empty(t, left)
	})
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) write(name, text string) {
	m.t.Helper()
	require.NoError(m.t, os.WriteFile(m.path(name), []byte(text), 0o644))
}

// hurry gives the boot so much time from now on.
func (m *machine) hurry(limit time.Duration) {
	m.t.Helper()
	text, err := os.ReadFile("/proc/uptime")
	require.NoError(m.t, err)
	up, err := time.ParseDuration(strings.Fields(string(text))[0] + "s")
	require.NoError(m.t, err)
	line, err := os.ReadFile(m.path("cmdline"))
	require.NoError(m.t, err)
	m.write("cmdline", fmt.Sprintf("%s glowplug.timeout.boot=%v\n", bytes.TrimSpace(line), up+limit))
}

// read gives a file, "" where there is none.
func (m *machine) read(name string) string {
	text, err := os.ReadFile(m.path(name))
	if !os.IsNotExist(err) {
		require.NoError(m.t, err)
	}
	return string(text)
}

// run runs a program in the machine's network and gives its exit code and what it said. No token is ever in that.
func (m *machine) run(program string, args ...string) (code int, said string) {
	m.t.Helper()
	command := exec.Command("nsenter", append([]string{"--target", strconv.Itoa(sky.machine), "--net", "--",
		filepath.Join(sky.dir, program)}, args...)...)
	command.Env = []string{
		"PATH=" + m.path("bin") + ":" + os.Getenv("PATH"), "TMPDIR=" + m.path("tmp"),
		"SSL_CERT_FILE=" + sky.dir + "/trusted.pem",
		"IGNITION_KERNEL_CMDLINE_PATH=" + m.path("cmdline"), "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR=" + m.path("dirs"),
		"IGNITION_SYSTEM_LOCAL_CONFIG_DIR=" + m.path("dirs"), "IGNITION_SYSTEM_CONFIG_DIR=" + m.path("dirs"),
	}
	out, err := command.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		require.NoError(m.t, err)
	}
	assert.NotContains(m.t, string(out), "SECRET")
	return command.ProcessState.ExitCode(), string(out)
}

// stage runs one stage of a boot.
func (m *machine) stage(name string) (code int, log string) {
	m.t.Helper()
	return m.run("ignition", "--stage="+name, "--platform="+m.platform, "--root="+m.path("root"),
		"--config-cache="+m.path("run/ignition.json"), "--state-file="+m.path("run/ignition/state"),
		"--neednet="+m.path("run/ignition/neednet"), "--fetch-timeout=20s", "--log-to-stdout")
}

// passes runs a stage that has to pass.
func (m *machine) passes(name string) (log string) {
	m.t.Helper()
	code, log := m.stage(name)
	require.Zero(m.t, code, "%s", log)
	return log
}

// fails runs a stage that has to fail.
func (m *machine) fails(name string) (log string) {
	m.t.Helper()
	code, log := m.stage(name)
	require.Equal(m.t, 1, code, "%s", log)
	return log
}
