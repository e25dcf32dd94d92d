package fetch

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// ProxyRules say which proxy a URL is asked through. They are those of golang.org/x/net/http/httpproxy, which tests
// hold them to; that package brings its own copy of the tables for names in other scripts, 200 KB of them.
type proxyRules struct {
	http, https *url.URL // nil for none
	direct      []exception
}

// An exception is one entry of noProxy.
type exception struct {
	all     bool
	network netip.Prefix // of addresses; an invalid one for a name
	domain  string       // with a dot in front
	below   bool         // the domain itself goes by the proxy
	port    string       // "" for any
}

func newProxyRules(s Settings) *proxyRules {
	p := &proxyRules{http: proxyAt(s.HTTPProxy), https: proxyAt(s.HTTPSProxy)}
	for _, entry := range s.NoProxy {
		// The peer joins the entries with commas, so one may hold several.
		for part := range strings.SplitSeq(entry, ",") {
			if e, ok := parseException(strings.ToLower(strings.TrimSpace(part))); ok {
				p.direct = append(p.direct, e)
			}
		}
	}
	return p
}

// proxyAt reads a proxy's address, which may lack a scheme. One that cannot be read is none.
func proxyAt(text string) *url.URL {
	if text == "" {
		return nil
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Scheme == "" || proxy.Host == "" {
		if plain, err := url.Parse("http://" + text); err == nil {
			return plain
		}
	}
	if err != nil {
		return nil
	}
	return proxy
}

func parseException(text string) (e exception, ok bool) {
	if text == "*" {
		return exception{all: true}, true
	}
	if network, err := netip.ParsePrefix(text); err == nil {
		if mapped := network.Addr().Unmap(); network.Bits() >= 96 && mapped != network.Addr() {
			network = netip.PrefixFrom(mapped, network.Bits()-96)
		}
		return exception{network: network.Masked()}, true
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, ""
	}
	if address, err := netip.ParseAddr(host); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return exception{network: netip.PrefixFrom(address, address.BitLen()), port: port}, true
	}
	if host == "" {
		return exception{}, false
	}
	if strings.HasPrefix(host, "*.") {
		host = host[1:]
	}
	if below := strings.HasPrefix(host, "."); below {
		return exception{domain: host, below: true, port: port}, true
	}
	return exception{domain: "." + host, port: port}, true
}

// choose gives the proxy for a URL, nil for none. This machine itself is never asked through one.
func (p *proxyRules) choose(u *url.URL) *url.URL {
	proxy, port := p.http, "80"
	switch u.Scheme {
	case "http":
	case "https":
		proxy, port = p.https, "443"
	default:
		return nil
	}
	host := u.Hostname()
	if given := u.Port(); given != "" {
		port = given
	}
	address, err := netip.ParseAddr(host)
	if proxy == nil || host == "localhost" || err == nil && address.Unmap().IsLoopback() {
		return nil
	}
	host = strings.ToLower(host)
	for _, e := range p.direct {
		if e.covers(host, address.Unmap().WithZone(""), port) {
			return nil
		}
	}
	return proxy
}

// covers: an address is valid where the host is one.
func (e exception) covers(host string, address netip.Addr, port string) bool {
	switch {
	case e.all:
		return true
	case e.port != "" && e.port != port:
		return false
	case address.IsValid():
		return e.network.IsValid() && e.network.Contains(address)
	case e.domain == "":
		return false
	}
	return strings.HasSuffix(host, e.domain) || !e.below && host == e.domain[1:]
}
