//! Encodes values.

use inia_core::Value;
use inia_core::packed::PackedWriter;

use super::dictionary::TextSink;

pub(super) fn write(value: &Value, texts: &mut impl TextSink, out: &mut PackedWriter) {
    match value {
        Value::Null => out.byte(0),
        Value::Bool(value) => out.byte(1 + u8::from(*value)),
        Value::Int(value) => {
            out.byte(3);
            out.signed(*value);
        }
        Value::BigInt(digits) => {
            out.byte(4);
            texts.text(digits, out);
        }
        Value::Float(value) => {
            out.byte(5);
            out.float(*value);
        }
        Value::String(text) => {
            out.byte(6);
            texts.text(text, out);
        }
        Value::Blob(bytes) => {
            out.byte(7);
            out.block(bytes);
        }
        Value::Timestamp(moment) => {
            out.byte(8);
            out.signed(moment.seconds());
            out.number(u64::from(moment.nanoseconds()));
        }
        Value::List(list) => {
            out.byte(9);
            out.size(list.len());
            list.iter().for_each(|item| write(item, texts, out));
        }
        Value::Map(map) => {
            out.byte(10);
            out.size(map.len());
            for (name, item) in map {
                texts.text(name, out);
                write(item, texts, out);
            }
        }
    }
}
