package rules

import (
	"path"
	"reflect"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

func cleanPath(p string) string { return path.Clean(p) }

func (c sources) ignition(a *cursor.At, ign *config.Ignition) {
	conf := a.Key("config")
	merge := conf.Key("merge")
	for i := range ign.Config.Merge {
		c.reference(merge.Item(i), &ign.Config.Merge[i], "a config to merge")
	}
	c.resource(conf.Key("replace"), &ign.Config.Replace, true)
	if cfg := c.doc.Config(); text(ign.Config.Replace.Source) != "" && !onlyReplaces(*cfg) {
		conf.Key("replace").Warnf(codes.ReplaceDrops, "the config of replace takes the place of this one, so nothing "+
			"else here has an effect").Advise("name it below merge, to have both; or remove the rest").Strictly()
	}
	c.proxy(a.Key("proxy"), &ign.Proxy)
	authorities := a.Key("security").Key("tls").Key("certificateAuthorities")
	for i := range ign.Security.TLS.CertificateAuthorities {
		c.reference(authorities.Item(i), &ign.Security.TLS.CertificateAuthorities[i], "a certificate bundle")
	}
	timeouts := a.Key("timeouts")
	notNegative(timeouts, "httpResponseHeaders", "a time limit", ign.Timeouts.HTTPResponseHeaders)
	notNegative(timeouts, "httpTotal", "a time limit", ign.Timeouts.HTTPTotal)
}

// reference is the rule of a resource that is of no use without a source.
func (c sources) reference(a *cursor.At, r *config.Resource, what string) {
	authority := a.Up().Name() == "certificateAuthorities"
	if c.version.Reads(config.CheckedReferences) {
		if text(r.Source) == "" {
			a.Errorf(codes.SourceMissing, "%s needs a source", what).Advise(`add "source": a URL`)
		} else if f := source.Check(*r.Source, c.version); f != nil {
			a.Fault(f).PeerOnly = true // the source itself is reported too
		}
	} else if authority && text(r.Source) == "" {
		a.Key("source").Errorf(codes.SourceMissing, "%s needs a source", what).Advise(`add "source": a URL`)
	}
	c.resource(a, r, true)
}

// resource is the rule of every resource. isReference: the resource is a config, a certificate bundle or a key, and not
// the content of a file; the first version has fewer rules for those.
func (c sources) resource(a *cursor.At, r *config.Resource, isReference bool) {
	const field = "*.compression"
	if r.Compression != nil && !config.FieldAt(field).Takes(*r.Compression, c.version) {
		a.Key("compression").Errorf(codes.CompressionUnknown, "the compression %s is not known",
			quote(*r.Compression)).Advise("write %q, or leave it out", c.known(field))
	}
	if r.Verification.Hash != nil && r.Source == nil && (!isReference || c.version.Reads(config.CheckedReferences)) {
		a.Key("verification").Key("hash").Errorf(codes.HashWithoutSource,
			"a digest without a source verifies nothing").Advise("add a source, or remove the digest")
	}
	if text(r.Source) != "" {
		c.sourceURL(a, r)
	}
	if len(r.HTTPHeaders) > 0 {
		c.headers(a.Key("httpHeaders"), r)
	}
	if r.Verification.Hash != nil {
		c.digest(a.Key("verification").Key("hash"), *r.Verification.Hash)
	}
}

func (c sources) sourceURL(a *cursor.At, r *config.Resource) {
	if f := source.Check(*r.Source, c.version); f != nil {
		a.Key("source").Fault(f)
		return
	}
	if f := source.WarnURL(*r.Source); f != nil {
		a.Key("source").Fault(f).Strictly()
	}
	scheme, _ := source.Scheme(*r.Source)
	if text(r.Compression) == "gzip" && (scheme == "s3" || scheme == "arn") {
		a.Key("compression").Errorf(codes.CompressionS3,
			"content of an S3 object is not decompressed by other engines").
			Advise("store it uncompressed, or fetch it by https").Strictly()
	}
}

func (c sources) digest(a *cursor.At, text string) {
	d, f := source.ParseDigest(text, c.version)
	if f != nil {
		a.Fault(f)
		return
	}
	a.Fault(d.Hex()).Strictly()
}

func (c sources) headers(a *cursor.At, r *config.Resource) {
	scheme := ""
	if text(r.Source) != "" {
		scheme, _ = source.Scheme(*r.Source)
	}
	if known, _ := source.Schemes().Find(scheme); !known.Headers {
		a.Errorf(codes.HeadersScheme,
			"only http and https sources take headers").Advise("remove them, or change the source")
	}
	seen := map[string]int{}
	for i, h := range r.HTTPHeaders {
		item := a.Item(i)
		switch {
		case h.Name == "":
			item.Key("name").Errorf(codes.HeaderName, "a header needs a name")
		case h.Value != nil && *h.Value == "":
			item.Key("value").Errorf(codes.HeaderValue, "the header %s has an empty value",
				quote(diag.HeaderName(h.Name))).Advise("leave the value out to remove an inherited header")
		}
		if h.Name == "" && h.Value != nil && *h.Value == "" {
			item.Key("value").Errorf(codes.HeaderValue, "a header has an empty value")
		}
		folded := strings.ToLower(h.Name)
		if first, twice := seen[folded]; twice && r.HTTPHeaders[first].Name != h.Name {
			item.Key("name").Warnf(codes.HeaderCase,
				"the header %s differs from an earlier one in case only; the later "+
					"value is sent", quote(diag.HeaderName(h.Name))).See(a.Item(first), "the earlier one").Strictly()
		}
		seen[folded] = i
	}
}

// onlyReplaces: the config says nothing but which config takes its place, and how to fetch that one.
func onlyReplaces(cfg config.Config) bool {
	cfg.Ignition = config.Ignition{Config: config.IgnitionConfig{Merge: cfg.Ignition.Config.Merge}}
	return reflect.ValueOf(cfg).IsZero()
}

func (c sources) proxy(a *cursor.At, p *config.Proxy) {
	if p.HTTPProxy != nil {
		a.Key("httpProxy").Fault(source.CheckProxy(*p.HTTPProxy))
	}
	if p.HTTPSProxy == nil {
		return
	}
	if f := source.CheckProxy(*p.HTTPSProxy); f != nil {
		a.Key("httpsProxy").Fault(f)
	} else if scheme, _ := source.Scheme(*p.HTTPSProxy); scheme == "http" {
		a.Key("httpsProxy").Warnf(codes.ProxyInsecure,
			"the proxy for https is itself reached by http").Advise("use an https:// proxy if it offers one")
	}
}
