// Package release_test makes releases of the checkout as it is, in repositories of their own, and looks at what whoever
// downloads them gets: programs that know their version, packages that can be installed, upgraded, exchanged with
// Ignition's and removed. The tests need root, which makes a Debian root (make test-disk). With GLOWPLUG_RELEASE=all
// they make all that is released.
package release_test
