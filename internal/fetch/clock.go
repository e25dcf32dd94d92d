package fetch

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// A Clock bounds the machine's clock from below. That of a first boot may stand in 1970, when no certificate was valid
// yet.
type Clock struct {
	Built time.Time // when this program was built
	Epoch time.Time // modification time of /usr/lib/clock-epoch, by which images tell systemd when they were made
}

// read gives the time by which certificates are judged, and where it is from.
func (c Clock) read() (now time.Time, from string) {
	now, from = time.Now(), "this machine's clock"
	if c.Built.After(now) {
		now, from = c.Built, "the date that this program was built"
	}
	if c.Epoch.After(now) {
		now, from = c.Epoch, "the date of /usr/lib/clock-epoch"
	}
	return now, from
}

// Now is that time.
func (c Clock) Now() time.Time {
	now, _ := c.read()
	return now
}

// explain says by which clock a certificate is not valid now.
func (c Clock) explain(err error) error {
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		return err
	}
	now, from := c.read()
	told := fmt.Sprintf("the time %s is from %s", now.UTC().Format(time.RFC3339), from)
	if machine := time.Now(); now.After(machine) {
		told += ", as this machine's clock says " + machine.UTC().Format(time.RFC3339)
	}
	return fmt.Errorf("%w; %s", err, told)
}
