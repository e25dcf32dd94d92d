// Package browser_test has a browser show the pages that glowplug writes: Chromium of Debian, at the widths of a phone,
// a desk and a wall, with the rules of axe-core. The tests need root, which installs both (make test-disk); what stands
// in a page is tested in internal/page.
package browser_test
