package rules

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

const pinField = "storage.luks.*.clevis.custom.pin"

func (c disks) luks(a *cursor.At, l *config.Luks) {
	if strings.Contains(l.Name, "/") {
		a.Key("name").Errorf(codes.LUKSName, "the name of an encrypted volume cannot hold a slash")
	}
	if n, most := len(text(l.Label)), config.FieldAt("storage.luks.*.label").MaxBytes; n > most {
		a.Key("label").Errorf(codes.LUKSLabelLong, "LUKS labels are at most %d bytes, this one is %d", most, n)
	}
	if uuid := text(l.UUID); uuid != "" && !block.TakesUUID("crypto_LUKS", uuid) {
		a.Key("uuid").Errorf(codes.LUKSUUID, "%s is not a UUID", quote(uuid)).Advise("%s", uuidForm("")).Strictly()
	}
	absolute(a, "device", text(l.Device))
	if clevis := a.Key("clevis"); !c.clevisMix(clevis, &l.Clevis) && !isSet(l.Cex.Enabled) {
		clevis.Key("threshold").Fault(Threshold(&l.Clevis)).Strictly()
	}
	if text(l.KeyFile.Source) != "" {
		if f := source.Check(*l.KeyFile.Source, c.version); f != nil {
			a.Key("keys").Fault(f).PeerOnly = true // the source itself is reported too
		}
	}
	c.cex(a.Key("cex"), l)
	c.clevisCustom(a.Key("clevis").Key("custom"), &l.Clevis.Custom)
	tang := a.Key("clevis").Key("tang")
	for i := range l.Clevis.Tang {
		c.tang(tang.Item(i), &l.Clevis.Tang[i])
	}
	sources(c).resource(a.Key("keyFile"), &l.KeyFile, true)
	if !isSet(l.Cex.Enabled) && IsEmptyKey(l.KeyFile, c.version) {
		a.Key("keyFile").Key("source").Errorf(codes.LUKSKeyEmpty,
			"the key is empty, so whoever has the disk opens the volume").
			Advise("write a key, or leave keyFile out for a random one").Strictly()
	}
	notEmpty(a, "an encrypted volume", l.Name)
}

// IsEmptyKey tells whether a config itself shows that a key has no bytes. A resource without a source is no key at all,
// and not an empty one.
func IsEmptyKey(key config.Resource, version config.Version) bool {
	if text(key.Source) == "" || source.Check(*key.Source, version) != nil {
		return false
	}
	digest, _ := source.ParseDigest(text(key.Verification.Hash), version)
	return source.IsEmpty(*key.Source, text(key.Compression), digest)
}

// Threshold finds a number of pins that clevis refuses: more than there are, or none (clevis-encrypt-sss(1), tried with
// clevis 19). The config of a custom pin has its own.
func Threshold(cl *config.Clevis) *diag.Fault {
	pins, most := len(cl.Tang), number(cl.Threshold)
	if isSet(cl.Tpm2) {
		pins++
	}
	if cl.Threshold == nil || text(cl.Custom.Pin) != "" || !cl.Opens() || 0 < most && most <= pins {
		return nil
	}
	return &diag.Fault{Code: codes.ClevisThreshold, At: -1,
		Message: fmt.Sprintf("%d pins are to open the volume, of %d that it has", most, pins),
		Hint:    "choose a threshold from 1 to the number of Tang servers and TPMs"}
}

// clevisMix reports a custom pin beside other pins. In 3.2.0 an empty custom object already counts as a pin.
func (c disks) clevisMix(a *cursor.At, cl *config.Clevis) (mixed bool) {
	custom := text(cl.Custom.Pin) != ""
	if config.FieldAt("storage.luks.*.clevis.custom").Nullable.Has(c.version) {
		custom = a.Key("custom").Set()
	}
	mixed = custom && (len(cl.Tang) > 0 || isSet(cl.Tpm2) || number(cl.Threshold) != 0)
	if mixed {
		a.Errorf(codes.ClevisMixed,
			"a custom pin stands beside tang, tpm2 or threshold").Advise("keep either the custom pin or the others")
	}
	return mixed
}

func (c disks) clevisCustom(a *cursor.At, custom *config.ClevisCustom) {
	used := text(custom.Pin) != "" || text(custom.Config) != "" || isSet(custom.NeedsNetwork) &&
		c.version.Reads(config.NetworkPin)
	if !used {
		return
	}
	switch pin := text(custom.Pin); {
	case pin == "":
		a.Key("pin").Errorf(codes.ClevisPinMissing, "a custom pin needs a name").Advise(`add "pin"`)
	case !config.FieldAt(pinField).Takes(pin, c.version):
		a.Key("pin").Errorf(codes.ClevisPin, "the pin %s is not known in version %s", quote(pin), c.version).
			Advise("pins are %s; version %s takes any", c.known(pinField), config.FieldAt(pinField).Any.From)
	}
	if text(custom.Config) == "" {
		a.Key("config").Errorf(codes.ClevisConfigMissing, "a custom pin needs a config").Advise(`add "config"`)
	}
}

func (c disks) tang(a *cursor.At, t *config.Tang) {
	if u, err := url.Parse(t.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" {
		a.Key("url").Errorf(codes.TangURL,
			"the URL of a Tang server must be an http or https URL").Advise("write http://host[:port]")
	}
	if text(t.Thumbprint) == "" {
		a.Key("thumbprint").Errorf(codes.TangThumbprint,
			"the thumbprint of a Tang server is missing").Advise("tang-show-keys prints it on the server")
	}
	if text(t.Advertisement) != "" && !isJSON(*t.Advertisement) {
		a.Key("advertisement").Errorf(codes.TangAdvertisement,
			"the advertisement of a Tang server is not JSON").Advise("it is what GET <url>/adv answers")
	}
}

func isJSON(text string) bool {
	_, problem := tree.NewArena().ParseJSON(&diag.Document{Text: text})
	return problem == nil
}

func (c disks) cex(a *cursor.At, l *config.Luks) {
	if !isSet(l.Cex.Enabled) {
		return
	}
	if l.Clevis.Opens() {
		a.Errorf(codes.CEXClevis, "Crypto Express and Clevis exclude each other").Advise("keep one of the two")
	}
	if text(l.KeyFile.Source) != "" {
		a.Errorf(codes.CEXKey, "with Crypto Express there is no key file").Advise("remove keyFile")
	}
}
