package conf

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// suffixes of numbers: decimal k, M, G, T and binary Ki, Mi, Gi, Ti.
var suffixes = []struct {
	name   string
	factor float64
}{
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40},
	{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"B", 1e9}, {"T", 1e12},
}

// Number reads a number as people write it: 3e-4, 1_000, 512k, 64Ki.
func Number(text string) (float64, error) {
	s, factor := strings.ReplaceAll(strings.TrimSpace(text), "_", ""), 1.0
	for _, suffix := range suffixes {
		if head, found := strings.CutSuffix(s, suffix.name); found {
			s, factor = head, suffix.factor
			break
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errors.New("expected a number such as 3e-4, 1_000, 512k or 64Ki")
	}
	return x * factor, nil
}

// parse sets v from text according to v's type.
func parse(v reflect.Value, s string) error {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(s)
		if err != nil {
			return errors.New("expected a duration such as 90s or 3m")
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		return parseBool(v, s)
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint64, reflect.Uint32:
		return parseInt(v, s)
	case reflect.Float64, reflect.Float32:
		x, err := Number(s)
		if err != nil {
			return err
		}
		v.SetFloat(x)
	case reflect.Pointer:
		return parsePointer(v, s)
	case reflect.Slice:
		return parseList(v, s)
	default:
		return fmt.Errorf("cannot be given as text; write it in a YAML file")
	}
	return nil
}

func parseBool(v reflect.Value, s string) error {
	switch strings.ToLower(s) {
	case "true", "1", "on", "yes":
		v.SetBool(true)
	case "false", "0", "off", "no":
		v.SetBool(false)
	default:
		return errors.New("expected true or false")
	}
	return nil
}

func parseInt(v reflect.Value, s string) error {
	if i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64); err == nil {
		return setInt(v, i)
	}
	x, err := Number(s)
	if err != nil || x != math.Trunc(x) || math.Abs(x) > 1<<53 {
		return errors.New("expected a whole number such as 1_000, 512k or 64Ki")
	}
	return setInt(v, int64(x))
}

func setInt(v reflect.Value, i int64) error {
	if v.CanUint() {
		if i < 0 || v.OverflowUint(uint64(i)) {
			return fmt.Errorf("expected a whole number from 0 on that fits %s", v.Kind())
		}
		v.SetUint(uint64(i))
		return nil
	}
	if v.OverflowInt(i) {
		return fmt.Errorf("does not fit %s", v.Kind())
	}
	v.SetInt(i)
	return nil
}

func parsePointer(v reflect.Value, s string) error {
	fresh := reflect.New(v.Type().Elem())
	if err := parse(fresh.Elem(), s); err != nil {
		return err
	}
	v.Set(fresh)
	return nil
}

func parseList(v reflect.Value, s string) error {
	list := reflect.MakeSlice(v.Type(), 0, 4)
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := parse(item, part); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	v.Set(list)
	return nil
}

// text prints v in the form that parse reads.
func text(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "-"
		}
		return text(v.Elem())
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = text(v.Index(i))
		}
		return strings.Join(items, ",")
	}
	return fmt.Sprint(v.Interface())
}
