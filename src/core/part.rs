//! State that only some builds have. A build without a protocol keeps nothing of it: what would use it is never reached,
//! and the compiler leaves it out.

macro_rules! part {
    ($name:ident, $feature:tt) => {
        /// The state itself, where the build has it.
        #[cfg(feature = $feature)]
        pub(crate) type $name<T> = T;

        /// Nothing, where it has not.
        #[cfg(not(feature = $feature))]
        #[derive(Clone, Debug)]
        pub(crate) struct $name<T>(std::marker::PhantomData<T>);

        #[cfg(not(feature = $feature))]
        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(std::marker::PhantomData)
            }
        }

        #[cfg(not(feature = $feature))]
        #[allow(clippy::empty_loop)] // never reached, and nothing that could be compiled to a panic
        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                loop {}
            }
        }

        #[cfg(not(feature = $feature))]
        #[allow(clippy::empty_loop)] // as above
        impl<T> std::ops::DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T {
                loop {}
            }
        }
    };
}

part!(Part, "socketio");
part!(BroadcastPart, "broadcast");
