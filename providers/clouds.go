package providers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/source"
)

// imds is the instance metadata of AWS, version 2 with tokens where the instance has it.
func imds(path string) metadata {
	return metadata{path: path, missing: true, token: &token{
		path: "/latest/api/token", ask: header("X-aws-ec2-metadata-token-ttl-seconds", "21600"),
		send:    "X-aws-ec2-metadata-token",
		without: []int{http.StatusNotFound}, refused: "the instance's metadata service may be switched off",
	}}
}

const amazonV6 = "http://[fd00:ec2::254]"

// fallbackRegion is where AWS looks for buckets that name no region, and regionLimit how long an instance may take to
// say its own (docs/peer/platforms.md §3).
const (
	fallbackRegion = "us-east-1"
	regionLimit    = 15 * time.Second
)

// awsRegion asks for the region of the instance. An instance that does not say is no error; a metadata service that
// gives no token to ask with is, as the config would not be had either.
func awsRegion(ctx context.Context, m *Machine) (string, error) {
	document := imds("/latest/dynamic/instance-identity/document")
	document.limit = regionLimit
	d, err := document.at(linkLocal, amazonV6)(ctx, m)
	var identity struct {
		Region string `json:"region"`
	}
	switch refused := (tokenError{}); {
	case errors.As(err, &refused), ctx.Err() != nil:
		return "", err
	case err == nil:
		err = json.Unmarshal(d.Text, &identity)
	}
	if err != nil || identity.Region == "" {
		m.Log.Warn("the instance does not say its region; " + fallbackRegion + " is taken")
		return fallbackRegion, nil
	}
	return identity.Region, nil
}

// unpackLinode takes base64 off, which Linode's API asks for, and then gzip.
func unpackLinode(text []byte) ([]byte, error) {
	text, err := standardBase64(text)
	if err != nil || !isGzip(text) {
		return text, err
	}
	return gunzip(text)
}

// openstack races the config drive and the metadata service. It is a service of many names and as many ways to be set
// up: where each of the sources has failed there is no config.
func openstack() finder {
	service := metadata{path: "/openstack/latest/user_data", missing: true}
	return func(ctx context.Context, m *Machine) (Document, error) {
		return race{
			contenders: []contender{{ask: configDrive(0).read, waits: true}, {ask: service.from(linkLocal)}},
			more:       service.overV6(m, []string{linkLocalV6}),
			failed: func(m *Machine, errs error) error {
				m.Log.Warn("neither a config drive nor the metadata service has a config, taken for none: " +
					strings.ReplaceAll(errs.Error(), "\n", "; "))
				return ErrNone
			},
		}.run(ctx, m)
	}
}

// configDrive is the drive of OpenStack and those that took it over.
func configDrive(wait time.Duration) drive {
	return drive{label: "config-2", files: []string{"/openstack/latest/user_data"}, wait: wait}
}

// cloudstack races the config drive and the metadata service, which runs where DHCP does.
func cloudstack(ctx context.Context, m *Machine) (Document, error) {
	service := metadata{path: "/latest/user-data", missing: true}
	byLease := func(ctx context.Context, m *Machine) (Document, error) {
		server, err := poll(ctx, m, "a DHCP lease", 500*time.Millisecond, func() (string, bool, error) {
			return dhcpServer(m)
		})
		if err != nil {
			return Document{}, err
		}
		return service.from("http://"+hostOf(server))(ctx, m)
	}
	return race{contenders: []contender{
		{ask: drive{label: "config-2", files: []string{"/cloudstack/userdata/user_data.txt"}}.read, waits: true},
		{ask: byLease, waits: true},
		{ask: service.from("http://data-server."), delay: 2 * time.Second}, // the virtual router's name, in its own DNS
	}}.run(ctx, m)
}

// The files in which DHCP clients of an initramfs note their leases, the best first.
func leaseFiles() []string {
	return []string{
		"/run/systemd/netif/leases/*", "/run/NetworkManager/devices/*", "/var/lib/NetworkManager/*.lease",
		"/run/initramfs/net.*.lease", "/tmp/dhclient.*.lease", "/var/lib/dhclient/*.lease*", "/var/lib/dhcp/*.lease*",
	}
}

// dhcpServer finds the address of the server that gave a lease.
func dhcpServer(m *Machine) (address string, found bool, err error) {
	for _, pattern := range leaseFiles() {
		names, err := m.Glob(pattern)
		if err != nil {
			return "", false, err
		}
		// some are called by an interface's number: 2 is before 10
		order.Stably(names, func(a, b string) int { return len(a) - len(b) })
		for _, name := range names {
			text, err := m.ReadFile(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", false, err
			}
			if address := leaseServer(text); address != "" {
				return address, true, nil
			}
		}
	}
	return "", false, nil
}

// leaseServer reads the DHCP server's address out of a lease of systemd-networkd, NetworkManager or dhclient; "" where
// there is none. Of dhclient's leases the last counts.
func leaseServer(text []byte) (address string) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		for _, key := range []string{"SERVER_ADDRESS=", "dhcp_server_identifier=", "option dhcp-server-identifier "} {
			value, found := strings.CutPrefix(line, key)
			if !found || strings.Contains(value, "=") {
				continue
			}
			if value = strings.TrimSuffix(value, ";"); isAddress(value) {
				if key == "SERVER_ADDRESS=" {
					return value
				}
				address = value
			}
		}
	}
	return address
}

// packetLimit keeps a report from holding up the boot, down to the switch of the root.
const packetLimit = 10 * time.Second

// packetStatus tells Equinix Metal's timeline how a stage ended. The service's address is in the metadata.
func packetStatus(ctx context.Context, m *Machine, stage string, failure error) error {
	accept := []fetch.Header{header("Accept", "*/*")}
	text, err := ask(ctx, m, fetch.Request{URL: packetHost + "/metadata", Headers: accept, Limit: packetLimit})
	if err != nil {
		return err
	}
	var metadata struct {
		PhoneHome string `json:"phone_home_url"`
	}
	if err := json.Unmarshal(text, &metadata); err != nil {
		return fmt.Errorf("%s/metadata: not JSON as expected", packetHost)
	}
	if metadata.PhoneHome == "" {
		return fmt.Errorf("%s/metadata: names no phone_home_url", packetHost)
	}
	event := struct {
		State   string `json:"state"`
		Message string `json:"message"`
	}{"running", "[" + stage + "] Ignition status: finished successfully"}
	if failure != nil {
		event.State, event.Message = "failed", "["+stage+"] Ignition error: "+failure.Error()
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		return err
	}
	_, err = m.Do(ctx, fetch.Request{
		Method: http.MethodPost, URL: strings.TrimSuffix(metadata.PhoneHome, "/phone-home") + "/events",
		Limit:   packetLimit,
		Headers: []fetch.Header{header("Content-Type", "application/json")}, Body: bytes.TrimRight(body.Bytes(), "\n"),
	})
	return err
}

const packetHost = "https://metadata.packet.net"

// azure asks the metadata service, and where it has nothing or fails a disc, which older ways to make machines still
// bring.
func azure(ctx context.Context, m *Machine) (Document, error) {
	r := fetch.Request{
		URL:     linkLocal + "/metadata/instance/compute/userData?api-version=2021-01-01&format=text",
		Headers: []fetch.Header{header("Metadata", "true")},
		Retry:   []int{http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests},
	}
	began := m.Now()
	text, err := ask(ctx, m, r)
	switch {
	case err != nil:
		wait := min(max(afterErrors-m.Now().Sub(began), glance), afterErrors) // the clock may be set meanwhile
		return orElse(ctx, m, Document{}, err, ovfDisc(wait, "udf"))
	case len(text) == 0:
		return ovfDisc(discWait, "udf")(ctx, m)
	}
	if text, err = standardBase64(text); err != nil {
		return Document{}, fmt.Errorf("%s: %w", source.Redact(r.URL), err)
	}
	return Document{Text: text}, nil
}

// discWait is how long a provisioning disc may take to appear. It is put in before the machine starts.
const discWait = 5 * time.Minute

// ovfDisc reads user data from the provisioning disc, the one with ovf-env.xml on it. Kinds are in the order of
// preference.
func ovfDisc(wait time.Duration, kinds ...string) finder {
	return func(ctx context.Context, m *Machine) (Document, error) {
		limited, stop := appearing(ctx, wait)
		defer stop()
		complained := map[string]bool{}
		text, err := poll(limited, m, "a disc with ovf-env.xml", time.Second, func() ([]byte, bool, error) {
			discs, err := m.Discs()
			if err != nil {
				return nil, false, err
			}
			for _, kind := range kinds {
				for _, d := range discs {
					if d.Kind != kind {
						continue
					}
					text, err := customData(ctx, m, d)
					if err == nil {
						return text, true, nil
					}
					if !complained[d.Device+err.Error()] {
						complained[d.Device+err.Error()] = true
						m.Log.Info("passed over, to be looked at again: " + err.Error())
					}
				}
			}
			return nil, false, nil
		})
		return Document{Text: text}, err
	}
}

func customData(ctx context.Context, m *Machine, d Disc) (text []byte, err error) {
	err = mount(ctx, m, d.Device, d.Kind, func(files fs.FS) error {
		if _, err := fs.Stat(files, "ovf-env.xml"); err != nil {
			return err
		}
		text, err = readFile(files, "CustomData.bin")
		return err
	})
	return text, err
}

// proxmox passes over what is meant for cloud-init alone: the host gives every machine a cloud-config.
func proxmox(text []byte) bool { return !isCloudConfig(text) }

// bluefield reads what the card's host has pushed into a boot FIFO, padded with NULs. What is read is gone from it.
func bluefield(ctx context.Context, m *Machine) (Document, error) {
	if err := m.Modprobe(ctx, "mlxbf_bootctl"); err != nil {
		return Document{}, err
	}
	text, err := m.ReadFile("/sys/bus/platform/devices/MLNXBF04:00/bootfifo")
	if err != nil {
		m.Log.Info("taken for no config: " + err.Error())
		return Document{}, ErrNone
	}
	return Document{Text: unpadded(bytes.TrimLeft(text, "\x00")), Once: true}, nil
}

// zvm reads the first file of type ign among those that wait in the machine's virtual card reader. What is received is
// gone from it.
func zvm(ctx context.Context, m *Machine) (doc Document, err error) {
	if err := m.Modprobe(ctx, "vmur"); err != nil {
		return Document{}, err
	}
	if _, err := m.Run(ctx, "chccwdev", "-e", "000c"); err != nil {
		if _, err := m.Run(ctx, "cio_ignore", "-r", "000c"); err != nil {
			return Document{}, err
		}
		if _, err := m.Run(ctx, "chccwdev", "-e", "000c"); err != nil {
			return Document{}, err
		}
	}
	if _, err := m.Run(ctx, "udevadm", "settle"); err != nil {
		return Document{}, err
	}
	list, err := m.Run(ctx, "vmur", "li")
	if err != nil {
		return Document{}, err
	}
	spool, name, found := spoolFile(string(list))
	if !found {
		return Document{}, ErrNone
	}
	err = m.Scratch(func(dir string) error {
		file := path.Join(dir, path.Base(name)+".ign")
		if _, err := m.Run(ctx, "vmur", "re", "-f", spool, file); err != nil {
			return err
		}
		text, err := m.ReadFile(file)
		if err != nil {
			m.Log.Warn("taken for no config: " + err.Error())
			return ErrNone
		}
		doc = Document{Text: unpadded(bytes.TrimLeft(text, "\x00")), Once: true}
		return nil
	})
	return doc, err
}

// spoolFile finds the spool id and the name of the first file of type ign in what vmur lists: twelve columns, of which
// the id is the second, the name the tenth and the type the eleventh.
func spoolFile(list string) (id, name string, found bool) {
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) <= 1 {
			break
		}
		if len(fields) >= 11 && fields[10] == "ign" {
			return fields[1], fields[9], true
		}
	}
	return "", "", false
}

// kubevirt races the two drives that a machine may be given; where neither can be read there is no config.
func kubevirt(ctx context.Context, m *Machine) (Document, error) {
	return race{
		contenders: []contender{{ask: drive{label: "cidata", files: []string{"/user-data"}}.read, waits: true},
			{ask: configDrive(0).read, waits: true}},
		failed: func(m *Machine, errs error) error {
			m.Log.Warn("neither drive can be read, taken for no config: " +
				strings.ReplaceAll(errs.Error(), "\n", "; "))
			return ErrNone
		},
	}.run(ctx, m)
}
