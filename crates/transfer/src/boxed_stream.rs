//! [`boxed_stream!`](boxed_stream): defines the public stream types.

/// Defines a stream type that hides the stream that it is made of. Its method `next` needs no extension trait.
macro_rules! boxed_stream {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($item:ty);

        $(#[$next_meta:meta])*
        fn next;
    ) => {
        $(#[$meta])*
        pub struct $name(futures_util::stream::BoxStream<'static, $item>);

        impl $name {
            $(#[$next_meta])*
            pub async fn next(&mut self) -> Option<$item> {
                futures_util::StreamExt::next(&mut self.0).await
            }
        }

        impl futures_core::Stream for $name {
            type Item = $item;

            fn poll_next(
                mut self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<$item>> {
                self.0.as_mut().poll_next(context)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use boxed_stream;
