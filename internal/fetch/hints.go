package fetch

// What a person can do about a fetch that has failed.
const (
	hintMissing = "see that the URL is right, and that the server has what it names"
	hintDigest  = "compare what the source holds with what was meant, " +
		"and put the digest of the right one into the config"
	hintGzip = "if the content is not compressed, leave compression out of the config"
	hintTime = "if it only takes longer: ignition.timeouts.httpTotal, --fetch-timeout for the config itself, " +
		"or the kernel argument glowplug.timeout.resource allow for it"
	hintIdle    = "if the server only takes longer: --fetch-timeout or ignition.timeouts.httpTotal allow for it"
	hintRefused = "see that the server runs, and that the port is right"
	hintName    = "see that the name is right, and that DHCP or the kernel arguments name a name server " +
		"that knows it"
	hintAuthority = "name the authority in ignition.security.tls.certificateAuthorities, " +
		"or add it to those of the image"
	hintHost   = "ask for the server by a name that its certificate has, or give it a certificate with this one"
	hintClock  = "set the machine's clock, or give the server a certificate that is valid now"
	hintKey    = "httpHeaders in the config, or user and password in the URL, can show the server who asks"
	hintObject = "the object has to be there for everybody to read or, on AWS, for the role of the instance"
	hintProxy  = "user and password in the proxy's URL can show it who asks"
)
