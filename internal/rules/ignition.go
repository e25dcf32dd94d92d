package rules

import (
	"path"
	"reflect"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/source"
)

func cleanPath(p string) string { return path.Clean(p) }

func (c *checker) ignition(a *at, ign *config.Ignition) {
	conf := a.key("config")
	merge := conf.key("merge")
	for i := range ign.Config.Merge {
		c.reference(merge.item(i), &ign.Config.Merge[i], "a config to merge")
	}
	c.resource(conf.key("replace"), &ign.Config.Replace, true)
	if cfg := c.doc.Config(); text(ign.Config.Replace.Source) != "" && !onlyReplaces(*cfg) {
		conf.key("replace").warnf(codes.ReplaceDrops, "the config of replace takes the place of this one, so nothing "+
			"else here has an effect").hint("name it below merge, to have both; or remove the rest").stricter()
	}
	c.proxy(a.key("proxy"), &ign.Proxy)
	authorities := a.key("security").key("tls").key("certificateAuthorities")
	for i := range ign.Security.TLS.CertificateAuthorities {
		c.reference(authorities.item(i), &ign.Security.TLS.CertificateAuthorities[i], "a certificate bundle")
	}
	timeouts := a.key("timeouts")
	timeouts.key("httpResponseHeaders").notNegative("a time limit", ign.Timeouts.HTTPResponseHeaders)
	timeouts.key("httpTotal").notNegative("a time limit", ign.Timeouts.HTTPTotal)
}

// reference is a resource that is of no use without a source.
func (c *checker) reference(a *at, r *config.Resource, what string) {
	authority := a.up.trail.Name == "certificateAuthorities"
	if c.version.Reads(config.CheckedReferences) {
		if text(r.Source) == "" {
			a.errorf(codes.SourceMissing, "%s needs a source", what).hint(`add "source": a URL`)
		} else if f := source.Check(*r.Source, c.version); f != nil {
			a.fault(f).PeerOnly = true // the source itself is reported too
		}
	} else if authority && text(r.Source) == "" {
		a.key("source").errorf(codes.SourceMissing, "%s needs a source", what).hint(`add "source": a URL`)
	}
	c.resource(a, r, true)
}

// resource checks what every resource must keep to. Of one that names a config, a certificate bundle or a key, and not
// the content of a file, the first version asks less.
func (c *checker) resource(a *at, r *config.Resource, isReference bool) {
	const field = "*.compression"
	if r.Compression != nil && !config.FieldAt(field).Takes(*r.Compression, c.version) {
		a.key("compression").errorf(codes.CompressionUnknown, "the compression %s is not known",
			quote(*r.Compression)).hint("%q is, or leave it out", c.known(field))
	}
	if r.Verification.Hash != nil && r.Source == nil && (!isReference || c.version.Reads(config.CheckedReferences)) {
		a.key("verification").key("hash").errorf(codes.HashWithoutSource,
			"a digest without a source verifies nothing").hint("add a source, or remove the digest")
	}
	if text(r.Source) != "" {
		c.sourceURL(a, r)
	}
	c.headers(a.key("httpHeaders"), r)
	if r.Verification.Hash != nil {
		c.digest(a.key("verification").key("hash"), *r.Verification.Hash)
	}
}

func (c *checker) sourceURL(a *at, r *config.Resource) {
	src := a.key("source")
	if f := source.Check(*r.Source, c.version); f != nil {
		src.fault(f)
		return
	}
	src.fault(source.WarnURL(*r.Source)).stricter()
	scheme, _ := source.Scheme(*r.Source)
	if text(r.Compression) == "gzip" && (scheme == "s3" || scheme == "arn") {
		a.key("compression").errorf(codes.CompressionS3,
			"content of an S3 object is not decompressed by other engines").
			hint("store it uncompressed, or fetch it by https").stricter()
	}
}

func (c *checker) digest(a *at, text string) {
	d, f := source.ParseDigest(text, c.version)
	if f != nil {
		a.fault(f)
		return
	}
	a.fault(d.Hex()).stricter()
}

func (c *checker) headers(a *at, r *config.Resource) {
	if len(r.HTTPHeaders) == 0 {
		return
	}
	scheme := ""
	if text(r.Source) != "" {
		scheme, _ = source.Scheme(*r.Source)
	}
	if known, _ := source.Schemes().Find(scheme); !known.Headers {
		a.errorf(codes.HeadersScheme,
			"only http and https sources take headers").hint("remove them, or change the source")
	}
	seen := map[string]int{}
	for i, h := range r.HTTPHeaders {
		item := a.item(i)
		switch {
		case h.Name == "":
			item.key("name").errorf(codes.HeaderName, "a header needs a name")
		case h.Value != nil && *h.Value == "":
			item.key("value").errorf(codes.HeaderValue, "the header %s has an empty value",
				quote(h.Name)).hint("leave the value out to remove an inherited header")
		}
		if h.Name == "" && h.Value != nil && *h.Value == "" {
			item.key("value").errorf(codes.HeaderValue, "a header has an empty value")
		}
		folded := strings.ToLower(h.Name)
		if first, twice := seen[folded]; twice && r.HTTPHeaders[first].Name != h.Name {
			item.key("name").warnf(codes.HeaderCase,
				"the header %s differs from an earlier one in case only; the later "+
					"value is sent", quote(h.Name)).see(a.item(first), "the earlier one").stricter()
		}
		seen[folded] = i
	}
}

// onlyReplaces: a config says no more than which one takes its place, and how that is fetched.
func onlyReplaces(cfg config.Config) bool {
	cfg.Ignition = config.Ignition{Config: config.IgnitionConfig{Merge: cfg.Ignition.Config.Merge}}
	return reflect.ValueOf(cfg).IsZero()
}

func (c *checker) proxy(a *at, p *config.Proxy) {
	if p.HTTPProxy != nil {
		a.key("httpProxy").fault(source.CheckProxy(*p.HTTPProxy))
	}
	if p.HTTPSProxy == nil {
		return
	}
	if f := source.CheckProxy(*p.HTTPSProxy); f != nil {
		a.key("httpsProxy").fault(f)
	} else if scheme, _ := source.Scheme(*p.HTTPSProxy); scheme == "http" {
		a.key("httpsProxy").warnf(codes.ProxyInsecure,
			"the proxy for https is itself reached by http").hint("use an https:// proxy if it offers one")
	}
}
