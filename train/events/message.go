package events

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages are a small part of tensorflow/core/util/event.proto and tensorflow/core/framework/{summary,tensor}.proto:
//
//	Event           wall_time=1 double  step=2  file_version=3  summary=5  session_log=7  source_metadata=10
//	Summary         value=1 { tag=1  simple_value=2 float  tensor=8  metadata=9 }
//	SessionLog      status=1 (START is 1)
//	TensorProto     dtype=1 (DT_STRING is 7)  tensor_shape=2 { dim=2 { size=1 } }  string_val=8
//	SummaryMetadata plugin_data=1 { plugin_name=1 }
//
// Fields are written in the order of their numbers, and zeros are left out, as protobuf's own libraries do.

// event is one Event: a version, a restart, or a value with its tag.
type event struct {
	wall    time.Time
	step    int64
	version bool
	restart bool
	tag     string
	value   value
}

// value is what a Summary.Value holds besides its tag.
type value interface{ fields() []byte }

type scalar struct{ v float32 }

type text struct{ markdown string }

func (e event) marshal() []byte {
	seconds := float64(e.wall.UnixMicro()) / 1e6
	b := protowire.AppendTag(nil, 1, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(seconds))
	b = number(b, 2, uint64(e.step))
	switch {
	case e.version:
		b = bytes(b, 3, []byte("brain.Event:2"))
		b = bytes(b, 10, bytes(nil, 1, []byte("dyt")))
	case e.restart:
		b = bytes(b, 7, number(nil, 1, 1))
	default:
		v := append(bytes(nil, 1, []byte(e.tag)), e.value.fields()...)
		b = bytes(b, 5, bytes(nil, 1, v))
	}
	return b
}

func (s scalar) fields() []byte {
	b := protowire.AppendTag(nil, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(s.v))
}

func (t text) fields() []byte {
	tensor := number(nil, 1, 7)
	tensor = bytes(tensor, 2, bytes(nil, 2, number(nil, 1, 1)))
	tensor = bytes(tensor, 8, []byte(t.markdown))
	plugin := bytes(nil, 1, []byte("text"))
	return bytes(bytes(nil, 8, tensor), 9, bytes(nil, 1, plugin))
}

// number appends a whole number, unless it is 0.
func number(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

// bytes appends a string or a message.
func bytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
