package providers

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// The places of the config in VMware's guestinfo.
const (
	guestData     = "guestinfo.ignition.config.data"
	guestEncoding = "guestinfo.ignition.config.data.encoding"
	guestOVF      = "guestinfo.ovfenv"
	// guestDeleted stands for a config that was deleted, as values cannot be removed: the base64 of "{}" and a newline.
	guestDeleted = "e30K"
)

// guestInfo reads a value; set is false where there is none.
func guestInfo(m *Machine, key string) (value string, set bool, err error) {
	reply, err := m.VMware("info-get " + key)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", key, err)
	}
	switch {
	case strings.HasPrefix(reply, "1 "):
		return reply[2:], true, nil
	case strings.HasPrefix(reply, "0 "):
		return "", false, nil
	}
	return "", false, fmt.Errorf("%s: the hypervisor's answer is not understood", key)
}

func setGuestInfo(m *Machine, key, value string) error {
	reply, err := m.VMware("info-set " + key + " " + value)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", key, err)
	case !strings.HasPrefix(reply, "1"):
		return fmt.Errorf("%s: the hypervisor refuses to set it", key)
	}
	return nil
}

// vmware reads the config from guestinfo, or else from the OVF environment. Each of data and encoding may come from
// either.
func vmware(_ context.Context, m *Machine) (Document, error) {
	fromOVF := map[string]string{}
	environment, set, err := guestInfo(m, guestOVF)
	switch {
	case errors.Is(err, ErrAbsent):
		return Document{}, err
	case err != nil:
		m.Log.Warn(err.Error())
	case set && environment != "":
		if fromOVF, err = ovfProperties(environment); err != nil {
			m.Log.Warn(guestOVF + ": " + err.Error())
		}
	}
	values := map[string]string{}
	for _, key := range []string{guestData, guestEncoding} {
		value, set, err := guestInfo(m, key)
		if err != nil {
			return Document{}, err
		}
		if values[key] = value; !set {
			values[key] = fromOVF[key]
		}
	}
	text, err := decodeGuest([]byte(values[guestData]), values[guestEncoding])
	return Document{Text: text}, err
}

// decodeGuest undoes the encoding that goes with the data.
func decodeGuest(data []byte, encoding string) (text []byte, err error) {
	switch encoding {
	case "":
		return data, nil
	case "b64", "base64":
		return standardBase64(data)
	case "gz", "gzip":
	case "gz+base64", "gzip+base64", "gz+b64", "gzip+b64":
		if data, err = standardBase64(data); err != nil {
			return nil, err
		}
	default:
		return nil, diag.WithHint(fmt.Errorf("%s: the encoding is not known", guestEncoding),
			"base64, gzip and gzip+base64 are known; without it the data is taken as it is")
	}
	if text, err = gunzip(data); err != nil {
		return nil, fmt.Errorf("%s: declared as %s: %w", guestData, encoding, err)
	}
	return text, nil
}

// The parts of an OVF environment that matter.
const (
	ovfNamespace = "http://schemas.dmtf.org/ovf/environment/1"
	ovfDepthMax  = 64
)

// ovfProperties reads the properties of an OVF environment, by local names whatever the namespace. Of a key that comes
// twice the last value counts; what follows the root element does not.
func ovfProperties(text string) (map[string]string, error) {
	found := map[string]string{}
	err := walkXML(text, func(path []xml.StartElement, _, _ int64) {
		if len(path) == 3 && path[1].Name.Local == "PropertySection" && path[2].Name.Local == "Property" {
			key, value := attribute(path[2], "key"), attribute(path[2], "value")
			found[key] = value
		}
	})
	if err != nil {
		return map[string]string{}, err
	}
	return found, nil
}

func attribute(e xml.StartElement, local string) (value string) {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			value = a.Value
		}
	}
	return value
}

// walkXML calls visit at the end of each element, with the elements around it and where in the text it is.
func walkXML(text string, visit func(path []xml.StartElement, start, end int64)) error {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // the hypervisor writes UTF-8
	var path []xml.StartElement
	var starts []int64
	for {
		start := d.InputOffset()
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("not XML: there is no root element")
		case err != nil:
			return errors.New("not XML as it should be")
		}
		switch token := token.(type) {
		case xml.StartElement:
			path, starts = append(path, token.Copy()), append(starts, start)
			if len(path) > ovfDepthMax {
				return errors.New("elements are nested too deep")
			}
		case xml.EndElement:
			last := len(path) - 1
			visit(path, starts[last], d.InputOffset())
			path, starts = path[:last], starts[:last]
			if last == 0 {
				return nil
			}
		}
	}
}

// withoutConfig cuts the properties that hold a config out of an OVF environment, and leaves every other byte as it is.
// changed is false where there are none.
func withoutConfig(text string) (rest string, changed bool, err error) {
	var out bytes.Buffer
	var done int64
	err = walkXML(text, func(path []xml.StartElement, start, end int64) {
		if len(path) != 3 || path[1].Name.Local != "PropertySection" ||
			path[2].Name.Local != "Property" && path[2].Name.Space != ovfNamespace {
			return
		}
		if key := attribute(path[2], "key"); key == guestData || key == guestEncoding {
			out.WriteString(text[done:start])
			done, changed = end, true
		}
	})
	out.WriteString(text[done:])
	return out.String(), changed, err
}

// forgetVMware overwrites the config in guestinfo, and cuts it out of the OVF environment.
func forgetVMware(_ context.Context, m *Machine) error {
	data, set, err := guestInfo(m, guestData)
	if err != nil {
		return err
	}
	if set && data != guestDeleted {
		if err := setGuestInfo(m, guestData, guestDeleted); err != nil {
			return err
		}
		encoding, _, err := guestInfo(m, guestEncoding)
		if err != nil {
			return err
		}
		if encoding != "base64" {
			if err := setGuestInfo(m, guestEncoding, "base64"); err != nil {
				return err
			}
		}
	}
	environment, set, err := guestInfo(m, guestOVF)
	if err != nil || !set || environment == "" {
		return err
	}
	rest, changed, err := withoutConfig(environment)
	if err != nil {
		return fmt.Errorf("%s: %w", guestOVF, err)
	}
	if !changed {
		return nil
	}
	return setGuestInfo(m, guestOVF, rest)
}
