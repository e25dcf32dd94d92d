package providers

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A seedLine is what a serial number or a command line says about a NoCloud source.
type seedLine struct {
	values map[string]string // seedfrom, instance-id, local-hostname, dsmode, ...
}

// seedKeys are the short names of values.
var seedKeys = map[string]string{"s": "seedfrom", "i": "instance-id", "h": "local-hostname"}

// add takes up the words of a text that select the source: ds=nocloud, ds=nocloud;key=value;... Later words win key by
// key. A semicolon may have the backslash before it that GRUB wants there. A word that means this source but cannot be
// read so is an error.
func (l *seedLine) add(text string) error {
	for _, a := range cmdline.Arguments(text) {
		if !slices.Contains([]string{"ds", "ci.ds", "ci.datasource"}, a.Name) {
			continue
		}
		kind, list, _ := strings.Cut(strings.ReplaceAll(a.Value, `\;`, ";"), ";")
		switch kind = strings.ToLower(kind); {
		case kind == "nocloud", kind == "nocloud-net":
			l.take(list)
		case strings.HasPrefix(kind, "nocloud"):
			return diag.WithHint(fmt.Errorf("%s: names neither nocloud nor another source", a.Name),
				a.Name+"=nocloud;s=SEED is meant, with semicolons between the parts")
		}
	}
	return nil
}

// take takes up values.
func (l *seedLine) take(list string) {
	for item := range strings.SplitSeq(list, ";") {
		key, value, _ := strings.Cut(item, "=")
		if key == "" {
			continue
		}
		if l.values == nil {
			l.values = map[string]string{}
		}
		l.values[cmp.Or(seedKeys[key], key)] = value
	}
}

const dmi = "/sys/class/dmi/id/"

// nocloud reads user data from the seed that the serial number or the command line names, from a folder of the image,
// or from a drive.
func nocloud(ctx context.Context, m *Machine) (Document, error) {
	line, err := seedLineOf(m)
	if err != nil {
		return Document{}, err
	}
	if line.values["dsmode"] == "disabled" {
		return Document{}, ErrNone
	}
	if seed := line.values["seedfrom"]; seed != "" {
		return fromSeed(ctx, m, seed)
	}
	wait := 30 * time.Second
	for _, dir := range []string{"nocloud", "nocloud-net"} {
		text, err := m.ReadFile("/var/lib/cloud/seed/" + dir + "/user-data")
		switch {
		case err == nil && tree.IsBlank(text):
			wait = glance
		case err == nil, !errors.Is(err, fs.ErrNotExist):
			return Document{Text: text}, err
		}
	}
	return drive{label: "cidata", files: []string{"/user-data"}, wait: wait, absent: true}.read(ctx, m)
}

func seedLineOf(m *Machine) (line seedLine, err error) {
	if serial, err := m.ReadFile(dmi + "product_serial"); err == nil {
		if err := line.add(string(serial)); err != nil {
			return line, fmt.Errorf("the machine's serial number: %w", err)
		}
	}
	if err := line.add(m.CommandLine); err != nil {
		return line, fmt.Errorf("kernel command line: %w", err)
	}
	return line, nil
}

// fromSeed reads user-data of a seed: a folder of the image, or below a URL.
func fromSeed(ctx context.Context, m *Machine, seed string) (Document, error) {
	seed = withDMI(m, seed)
	at := seedFile(seed, "user-data")
	if strings.HasPrefix(at, "/") {
		text, err := m.ReadFile(at)
		return Document{Text: text}, err
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "file" && u.Host == "" {
		return Document{}, errors.New("the seed is neither a path nor a URL")
	}
	switch u.Scheme {
	case "file":
		text, err := m.ReadFile(u.Path)
		return Document{Text: text}, err
	case "http", "https":
	default:
		return Document{}, fmt.Errorf("the seed %s: only http, https and file are supported", source.Redact(at))
	}
	if m.Offline {
		return Document{}, fetch.ErrNeedNet
	}
	text, err := ask(ctx, m, fetch.Request{URL: at})
	return Document{Text: text}, err
}

// seedFile names a file of a seed by cloud-init's rules (docs/peer/more-platforms.md §3.4).
func seedFile(seed, name string) string {
	if strings.Contains(seed, "%s") {
		return strings.ReplaceAll(seed, "%s", name)
	}
	if !strings.HasSuffix(seed, "/") && !strings.Contains(seed, "?") {
		seed += "/"
	}
	return seed + name
}

// withDMI replaces __dmi.KEY__ by what the firmware says of the machine; nothing where it says nothing.
func withDMI(m *Machine, seed string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(seed, "__dmi.")
		key, after, closed := strings.Cut(rest, "__")
		out.WriteString(before)
		if !found || !closed {
			out.WriteString(seed[len(before):])
			return out.String()
		}
		if file := dmiFile(key); file != "" {
			value, err := m.ReadFile(dmi + file)
			if err != nil {
				m.Log.Info(err.Error())
			}
			out.WriteString(strings.TrimSpace(string(value)))
		}
		seed = after
	}
}

// dmiFile is the kernel's name for a key of cloud-init's.
func dmiFile(key string) string {
	part, item, _ := strings.Cut(key, "-")
	prefix, known := map[string]string{"baseboard": "board", "bios": "bios", "chassis": "chassis",
		"system": "product"}[part]
	switch {
	case !known:
		return ""
	case item == "manufacturer" && part == "system":
		return "sys_vendor"
	case item == "manufacturer":
		return prefix + "_vendor"
	case item == "asset-tag", item == "version", item == "uuid", item == "vendor":
		return prefix + "_" + strings.ReplaceAll(item, "-", "_")
	case item == "serial-number":
		return prefix + "_serial"
	case item == "product-name":
		return prefix + "_name"
	case item == "release-date":
		return "bios_date"
	}
	return ""
}

// ionosFile is where IONOS writes user data, into the root filesystem of the image.
const ionosFile = "/var/lib/cloud/seed/nocloud/user-data"

// ionoscloud reads the file from the filesystem that the kernel is told to use as root, or from one with a usual label.
func ionoscloud(ctx context.Context, m *Machine) (Document, error) {
	const wait = 30 * time.Second
	node := rootNode(m.CommandLine)
	var err error
	if node == "" {
		node, err = device(ctx, m, wait, "root", "ROOT", "OEM")
	} else {
		limited, stop := appearing(ctx, wait)
		defer stop()
		_, err = poll(limited, m, "the root filesystem "+node, time.Second, func() (bool, bool, error) {
			found, err := m.Glob(globEscape(node))
			return true, len(found) > 0, err
		})
	}
	if err != nil {
		return Document{}, err
	}
	var text []byte
	err = mount(ctx, m, node, "", func(files fs.FS) (err error) {
		text, err = readFile(files, ionosFile)
		return err
	})
	return Document{Text: text}, err
}

// globEscape makes a pattern that matches one path alone.
func globEscape(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

// rootNode is the device of the kernel's last root argument, "" where it names none.
func rootNode(line string) string {
	root := cmdline.Last(line, "root")
	kind, name, tagged := strings.Cut(root, "=")
	switch {
	case strings.HasPrefix(root, "/dev/"):
		return path.Clean(root)
	case !tagged || name == "":
	case kind == "LABEL", kind == "PARTLABEL":
		return "/dev/disk/by-" + strings.ToLower(kind) + "/" + labelLink(name)
	case (kind == "UUID" || kind == "PARTUUID") && !strings.Contains(name, "/"):
		return "/dev/disk/by-" + strings.ToLower(kind) + "/" + name
	}
	return ""
}

// labelLink is what udev calls a label. On the command line it may be spelt so already, as dracut wants blanks.
func labelLink(label string) string { return strings.ReplaceAll(block.LinkName(label), `\x5cx`, `\x`) }

// A maasKey is how a machine signs its requests to MAAS.
type maasKey struct {
	url                         string
	consumer, token             string
	consumerSecret, tokenSecret diag.Secret
}

// maas asks the MAAS server that the command line, or a file of the image, leads to.
func maas(ctx context.Context, m *Machine) (Document, error) {
	key, err := maasKeyOf(ctx, m)
	if err != nil {
		return Document{}, err
	}
	r := fetch.Request{URL: strings.TrimSuffix(key.url, "/") + "/2012-03-01/user-data"}
	skew := time.Duration(0)
	for again := true; ; again = false {
		nonce := make([]byte, 16)
		if _, err := io.ReadFull(m.Random, nonce); err != nil {
			return Document{}, err
		}
		r.Headers = []fetch.Header{header("Authorization", key.sign(hex.EncodeToString(nonce), m.Now().Add(skew)))}
		reply, err := m.Do(ctx, r)
		if err != nil {
			return Document{}, err
		}
		if again && (reply.Status == http.StatusUnauthorized || reply.Status == http.StatusForbidden) {
			// Signatures carry the time, and a first boot's clock may be years off.
			if date, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
				skew = date.Sub(m.Now())
				m.Log.Info("the server refuses; its clock is taken for the next attempt")
				continue
			}
		}
		text, err := body(r.URL, reply)
		if fetch.KindOf(err) == fetch.KindMissing {
			return Document{}, ErrNone
		}
		return Document{Text: text}, err
	}
}

// maasKeyOf finds the keys: MAAS hands them over as a cloud-config, whose address is on the command line of an
// ephemeral system, and which it writes into an installed one.
func maasKeyOf(ctx context.Context, m *Machine) (maasKey, error) {
	for _, a := range cmdline.Arguments(m.CommandLine) {
		name, at := a.Name, a.Value
		if at == "" || name != "cloud-config-url" && name != "url" {
			continue
		}
		if err := usableURL(name, at); err != nil {
			return maasKey{}, fmt.Errorf("kernel command line: %w", err)
		}
		if m.Offline {
			return maasKey{}, fetch.ErrNeedNet
		}
		text, err := ask(ctx, m, fetch.Request{URL: at})
		if err != nil {
			return maasKey{}, err
		}
		if key := parseMAAS(string(text)); key.url != "" {
			return key, nil
		}
		m.Log.Warn(name + ": what is there names no MAAS server")
	}
	for _, name := range []string{"/etc/cloud/cloud.cfg.d/91_kernel_cmdline_url.cfg",
		"/etc/cloud/cloud.cfg.d/90_dpkg_maas.cfg"} {
		text, err := m.ReadFile(name)
		if err != nil {
			continue
		}
		if key := parseMAAS(string(text)); key.url != "" {
			return key, nil
		}
	}
	return maasKey{}, errors.New("nothing names the MAAS server: the kernel argument cloud-config-url does, " +
		"or a file below /etc/cloud/cloud.cfg.d")
}

// parseMAAS picks the keys out of a cloud-config. They are plain words in it, in block or flow style, so no more of
// YAML is understood here.
func parseMAAS(text string) maasKey {
	_, section, _ := strings.Cut(text, "MAAS:")
	value := func(name string) string {
		_, rest, found := strings.Cut(section, name+":")
		if !found {
			return ""
		}
		if end := strings.IndexAny(rest, "\n,}"); end >= 0 {
			rest = rest[:end]
		}
		return strings.Trim(strings.TrimSpace(rest), `"'`)
	}
	return maasKey{
		url: value("metadata_url"), consumer: value("consumer_key"), token: value("token_key"),
		consumerSecret: diag.Secret(value("consumer_secret")), tokenSecret: diag.Secret(value("token_secret")),
	}
}

// sign gives the header of OAuth 1.0 with plain secrets (RFC 5849).
func (k maasKey) sign(nonce string, now time.Time) diag.Secret {
	fields := []struct{ name, value string }{
		{"oauth_nonce", nonce}, {"oauth_timestamp", strconv.FormatInt(now.Unix(), 10)}, {"oauth_version", "1.0"},
		{"oauth_signature_method", "PLAINTEXT"}, {"oauth_consumer_key", k.consumer}, {"oauth_token", k.token},
		{"oauth_signature", percent(k.consumerSecret.Reveal()) + "&" + percent(k.tokenSecret.Reveal())},
	}
	var all []string
	for _, f := range fields {
		all = append(all, f.name+`="`+percent(f.value)+`"`)
	}
	return diag.Secret("OAuth " + strings.Join(all, ", "))
}

// percent escapes all but RFC 3986's unreserved characters.
func percent(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
