package rules

import (
	"bytes"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/source"
)

// eachResource visits the resources that a judgement is wanted of. What has no effect because another config takes the
// place of this one is left out.
func eachResource(root *cursor.At, cfg *config.Config, wanted func(*config.Resource) bool,
	visit func(*cursor.At, *config.Resource)) {
	one := func(at func() *cursor.At, r *config.Resource) {
		if wanted(r) {
			visit(at(), r)
		}
	}
	list := func(at func() *cursor.At, all []config.Resource) {
		for i := range all {
			one(func() *cursor.At { return at().Item(i) }, &all[i])
		}
	}
	ign := &cfg.Ignition
	one(func() *cursor.At { return root.To("ignition", "config", "replace") }, &ign.Config.Replace)
	list(func() *cursor.At { return root.To("ignition", "security", "tls", "certificateAuthorities") },
		ign.Security.TLS.CertificateAuthorities)
	if ign.Config.Replace.Source != nil {
		return
	}
	list(func() *cursor.At { return root.To("ignition", "config", "merge") }, ign.Config.Merge)
	for i := range cfg.Storage.Files {
		f := &cfg.Storage.Files[i]
		file := func() *cursor.At { return root.To("storage", "files").Item(i) }
		one(func() *cursor.At { return file().Key("contents") }, &f.Contents)
		list(func() *cursor.At { return file().Key("append") }, f.Append)
	}
	for i := range cfg.Storage.Luks {
		if key := &cfg.Storage.Luks[i].KeyFile; text(key.Source) != "" { // else the key is a random one
			one(func() *cursor.At { return root.To("storage", "luks").Item(i).Key("keyFile") }, key)
		}
	}
}

// misfits finds content that is in the config itself and not what its digest or compression says. Whoever writes it
// refuses it too.
func (c *checker) misfits(root *cursor.At, cfg *config.Config) {
	var judge source.Judge
	wanted := func(r *config.Resource) bool {
		return source.Known(r) && (r.Verification.Hash != nil || !c.doc.Packed[*r.Source])
	}
	eachResource(root, cfg, wanted, func(a *cursor.At, r *config.Resource) { c.misfit(a, r, judge.Misfits(r)) })
}

// misfit tells of content that is not what it should be. Of a digest that is none another rule tells.
func (c *checker) misfit(a *cursor.At, r *config.Resource, wrong *source.Misfit) {
	if wrong != nil && wrong.Key == "verification" {
		if d, fault := source.ParseDigest(text(r.Verification.Hash), c.version); fault != nil || d.Hex() != nil {
			return
		}
	}
	if wrong == nil {
		return
	}
	at := a.Key(wrong.Key)
	if wrong.Key == "verification" {
		at = at.Key("hash")
	}
	if f := at.Fault(wrong.Fault).Strictly(); f != nil && strings.HasPrefix(a.Path(), "$.ignition.") {
		f.Mends = diag.Nothing // it is fetched before another config is there
	}
}

// authorityMax is as much as is fetched of a bundle of authorities.
const authorityMax = 16 << 20

// authorities finds bundles that are in the config itself and hold no certificate: with one, nothing can be fetched.
func (c *checker) authorities(list *cursor.At, all []config.Resource) {
	for i := range all {
		if bundle, known := source.Text(&all[i], authorityMax); known {
			authority(list.Item(i), bundle)
		}
	}
}

func authority(a *cursor.At, bundle []byte) {
	if why := source.NoAuthorities(bundle); why != "" {
		a.Key("source").Errorf(codes.AuthorityCertificate, "this is no bundle of authorities: %s", why).
			Advise("write certificates in PEM, from BEGIN CERTIFICATE to END CERTIFICATE").Strictly()
	}
}

// Contents judges content that a config has fetched, as far as it is at hand: open gives nil for what is not. Other
// configs are not looked at.
func Contents(doc *document.Document, open func(url string) (io.ReadCloser, error)) []diag.Problem {
	c := newChecker(doc)
	var judge source.Judge
	fetched := func(r *config.Resource) bool { return text(r.Source) != "" }
	eachResource(doc.Cursor(&c.log), doc.Config(), fetched, func(a *cursor.At, r *config.Resource) {
		if a.Name() == "replace" || a.Up().Name() == "merge" {
			return
		}
		content, err := open(*r.Source)
		switch {
		case err != nil:
			a.Key("source").Errorf(codes.Unreadable, "reading its content: %s", err.Error())
		case content != nil:
			c.judgeContent(&judge, a, r, content)
		}
	})
	return c.log.All()
}

func (c *checker) judgeContent(judge *source.Judge, a *cursor.At, r *config.Resource, content io.ReadCloser) {
	defer content.Close()
	if a.Up().Name() != "certificateAuthorities" {
		c.misfit(a, r, judge.Unlike(r, content))
		return
	}
	kept := start{most: authorityMax}
	if wrong := judge.Unlike(r, io.TeeReader(content, &kept)); wrong != nil {
		c.misfit(a, r, wrong)
	} else if bundle, known := source.Unpacked(r, &kept, authorityMax); known && !kept.cut {
		authority(a, bundle)
	}
}

// A start keeps what is written to it, up to so many bytes.
type start struct {
	bytes.Buffer
	most int
	cut  bool // more has been written
}

func (s *start) Write(p []byte) (int, error) {
	room := min(len(p), s.most-s.Len())
	s.cut = s.cut || room < len(p)
	_, err := s.Buffer.Write(p[:room])
	return len(p), err
}
