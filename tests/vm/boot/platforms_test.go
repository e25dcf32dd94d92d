//go:build vmhost

package boot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
	"github.com/glowplug-os/glowplug/tests/vm/tang"
)

// oneFileChecks hold a machine against oneFile.
var oneFileChecks = []check{
	{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
	{"the file", "cat /etc/made", "made"},
	{"the stages of this boot", "journalctl -b -t ignition -o cat --no-pager | sed -n 's/ passed$//p' | tr '\\n' ' '",
		"fetch-offline fetch kargs disks mount files umount"},
}

// withoutNetwork is what oneFileChecks are where no stage asks for the network.
func withoutNetwork() []check {
	checks := append([]check(nil), oneFileChecks...)
	last := &checks[len(checks)-1]
	last.want = strings.Replace(last.want, "fetch-offline fetch ", "fetch-offline ", 1)
	return checks
}

// A service answers requests of a machine, and keeps what was asked.
type service struct {
	*httptest.Server
	sync.Mutex
	asked []string // "GET /path"
}

// serve runs a service with an answer for each "METHOD /path"; all else is not found.
func serve(t *testing.T, answers map[string]func(http.ResponseWriter, *http.Request)) *service {
	t.Helper()
	s := newService(answers)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func newService(answers map[string]func(http.ResponseWriter, *http.Request)) *service {
	s := &service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.URL.Path
		s.Lock()
		s.asked = append(s.asked, what)
		s.Unlock()
		if answer := answers[what]; answer != nil {
			answer(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	return s
}

// at forwards an address of the machine's network to the service.
func (s *service) at(address string) machine.Forward {
	return machine.Forward{At: address, To: s.Listener.Addr().String()}
}

func text(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(content) }
}

func file(path string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := os.Open(path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer content.Close()
		if info, err := content.Stat(); err == nil {
			w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
		}
		io.Copy(w, content)
	}
}

// on boots with a platform's own way of handing over a config.
func (b *box) on(platform string, checks []check, args ...string) outcome {
	b.t.Helper()
	return b.boot(b.spec, checks,
		append([]string{"ro", "ignition.firstboot", "ignition.platform.id=" + platform}, args...)...)
}

// A machine without anything but firmware gets its kernel, its initrd and its config from the network.
func TestPXE(t *testing.T) {
	t.Parallel()
	const server = "10.0.2.100"
	b := newBox(t, "bookworm")
	certificate, authority := privateCA(t, server)
	children := newService(map[string]func(http.ResponseWriter, *http.Request){
		"GET /a.ign": text(encode(t, oneFile(object{"source": "data:,made"}))),
		"GET /b.ign": text(encode(t, object{"ignition": object{"version": "3.3.0"}, "storage": object{"files": []object{
			{"path": "/etc/b", "contents": object{"source": "https://" + server + "/b.txt"}},
		}}})),
		"GET /b.txt": text([]byte("from b")),
	})
	children.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	children.StartTLS()
	t.Cleanup(children.Close)
	parent := encode(t, object{"ignition": object{
		"version": "3.4.0",
		"security": object{
			"tls": object{"certificateAuthorities": []object{{"source": "http://" + server + "/ca.pem"}}}},
		"config": object{"merge": []object{{"source": "https://" + server + "/a.ign"},
			{"source": "https://" + server + "/b.ign"}}},
	}})
	files := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /vmlinuz":    file(b.parts.Kernel),
		"GET /initrd.img": file(b.initrd),
		"GET /ca.pem":     text(authority),
		"GET /config.ign": text(withProof(t, parent)),
	})
	tftp := t.TempDir()
	args := append(append(append(machine.KernelArgs(), "ro", "ignition.firstboot", "ignition.platform.id=metal",
		"ignition.config.url=http://"+server+"/config.ign"), quiet...), "initrd=initrd.img")
	script := "#!ipxe\nkernel http://" + server + "/vmlinuz " + strings.Join(args, " ") + "\ninitrd http://" +
		server + "/initrd.img\nboot\n"
	require.NoError(t, os.WriteFile(filepath.Join(tftp, "boot.ipxe"), []byte(script), 0o644))
	b.firmware = true
	b.spec.Nets = []machine.Net{{TFTP: tftp, Bootfile: "boot.ipxe",
		Forwards: []machine.Forward{files.at(server + ":80"), children.at(server + ":443")}}}
	checks := append(oneFileChecks[:len(oneFileChecks):len(oneFileChecks)],
		check{"the other child's file", "cat /etc/b", "from b"},
		check{"the platform", "cat /run/ignition.env", "PLATFORM_ID=metal"})
	b.notKnown = []string{"file /etc/b: a server has what is in it, and the config no digest of that; " +
		"--fetch compares it"}
	b.boot(b.spec, checks).must(checks)
	assert.Contains(t, files.asked, "GET /config.ign")
	assert.Contains(t, children.asked, "GET /b.txt")
}

// privateCA makes an authority that nobody knows, and a server's certificate by it.
func privateCA(t *testing.T, address string) (server tls.Certificate, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.ParseIP(address)},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
}

// A volume that is bound to the machine's TPM and to a server in the network is made on the first boot and opens on the
// second.
func TestAWSWithAVolumeBoundToTPMAndTang(t *testing.T) {
	t.Parallel()
	const token = "a-token"
	keys := tang.Start(t)
	config := object{
		"ignition": object{"version": "3.4.0"},
		"storage": object{
			"luks": []object{{
				"name": "bound", "device": blank, "label": "bound-luks",
				"options": []string{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"},
				"clevis": object{"tpm2": true, "threshold": 2,
					"tang": []object{{"url": "http://169.254.0.100", "thumbprint": keys.Thumbprint}}},
			}},
			"filesystems": []object{{"device": "/dev/disk/by-id/dm-name-bound", "format": "ext4", "label": "BOUND",
				"path": "/var/lib/bound"}},
			"files": []object{
				{"path": "/var/lib/bound/file", "contents": object{"source": "data:,bound"}},
				{"path": "/etc/systemd/network/10-all.network", "contents": object{
					"source": "data:," + "%5BMatch%5D%0AType=ether%0A%5BNetwork%5D%0ADHCP=ipv4%0A"}},
			},
		},
		"systemd": object{"units": []object{
			{"name": "systemd-networkd.service", "enabled": true},
			{"name": "systemd-networkd-wait-online.service", "enabled": true},
			{"name": "clevis-luks-askpass.path", "enabled": true},
			{"name": "var-lib-bound.mount", "enabled": true, "contents": "[Unit]\nAfter=remote-cryptsetup.target\n" +
				"[Mount]\nWhat=/dev/mapper/bound\nWhere=/var/lib/bound\nType=ext4\nOptions=_netdev\n[Install]\n" +
				"RequiredBy=remote-fs.target\n"},
			{"name": "remote-cryptsetup.target", "enabled": true},
		}},
	}
	service := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"PUT /latest/api/token": text([]byte(token)),
		"GET /2019-10-01/user-data": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Aws-Ec2-Metadata-Token") != token {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Write(withProof(t, encode(t, config)))
		},
	})
	b := newBox(t, "bookworm")
	b.spec.TPM = filepath.Join(b.dir, "tpm")
	b.spec.Nets = []machine.Net{{Network: machine.LinkLocal, Forwards: []machine.Forward{
		service.at("169.254.169.254:80"), {At: "169.254.0.100:80", To: keys.Address},
	}}}
	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"the volume is bound", "clevis luks list -d " + blank + " | cut -d ' ' -f 1,2", "1: sss"},
		{"the volume is mounted", "findmnt -nro SOURCE,FSTYPE /var/lib/bound", "/dev/mapper/bound ext4"},
		{"the file in it", "cat /var/lib/bound/file", "bound"},
	}
	b.on("aws", checks).must(checks)
	assert.Contains(t, service.asked, "PUT /latest/api/token")
	b.again(checks).must(checks)
}

// disc makes an image of a CD that has files, with a label: ISO 9660 with Rock Ridge and Joliet, and UDF.
func disc(t *testing.T, label string, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
	}
	image := filepath.Join(t.TempDir(), "disc.iso")
	out, err := exec.Command("genisoimage", "-quiet", "-V", label, "-J", "-r", "-udf", "-o", image,
		dir).CombinedOutput()
	require.NoError(t, err, "genisoimage: %s", out)
	return image
}

func TestOpenStack(t *testing.T) {
	t.Parallel()
	config := withProof(t, encode(t, oneFile(object{"source": "data:,made"})))
	t.Run("from a config drive", func(t *testing.T) {
		t.Parallel()
		b := newBox(t, "bookworm")
		b.spec.Cdroms = []string{disc(t, "config-2", map[string][]byte{"openstack/latest/user_data": config})}
		b.spec.Nets = []machine.Net{{Network: machine.LinkLocal}}
		b.on("openstack", oneFileChecks).must(oneFileChecks)
	})
	t.Run("from the metadata service alone", func(t *testing.T) {
		t.Parallel()
		b := newBox(t, "bookworm")
		service := serve(t,
			map[string]func(http.ResponseWriter, *http.Request){"GET /openstack/latest/user_data": text(config)})
		b.spec.Nets = []machine.Net{{Network: machine.LinkLocal,
			Forwards: []machine.Forward{service.at("169.254.169.254:80")}}}
		b.on("openstack", oneFileChecks).must(oneFileChecks)
	})
}

func TestNoCloudWhoseSeedIsNamedByTheMachinesSerialNumber(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	service := serve(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /seed/user-data": text(withProof(t, encode(t, oneFile(object{"source": "data:,made"})))),
		"GET /seed/meta-data": text(nil),
	})
	b.spec.SMBIOS = []string{"type=1,serial=ds=nocloud;s=http://10.0.2.100/seed/"}
	b.spec.Nets = []machine.Net{{Forwards: []machine.Forward{service.at("10.0.2.100:80")}}}
	b.on("nocloud", oneFileChecks).must(oneFileChecks)
}

func TestAzureWithTheConfigOnTheProvisioningDisc(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	config := withProof(t, encode(t, oneFile(object{"source": "data:,made"})))
	service := serve(t,
		map[string]func(http.ResponseWriter, *http.Request){"GET /metadata/instance/compute/userData": text(nil)})
	b.spec.Cdroms = []string{disc(t, "rd_rdfe_stable",
		map[string][]byte{"ovf-env.xml": []byte("<Environment/>"), "CustomData.bin": config})}
	b.spec.Nets = []machine.Net{{Network: machine.LinkLocal,
		Forwards: []machine.Forward{service.at("169.254.169.254:80")}}}
	b.on("azure", oneFileChecks).must(oneFileChecks)
}
