//! Arrow streams to and from Python by the C stream interface, without copying: the one place with unsafe code.

use std::ffi::CStr;
use std::sync::Mutex;

use arrow::array::RecordBatchReader;
use arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// The name that the interface gives to capsules of streams.
const NAME: &CStr = c"arrow_array_stream";

/// A stream that Python may take, once.
#[pyclass(frozen)]
pub struct Stream {
    reader: Mutex<Option<Box<dyn RecordBatchReader + Send>>>,
}

impl Stream {
    /// The stream of a reader.
    pub fn new(reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self {
            reader: Mutex::new(Some(Box::new(reader))),
        }
    }
}

#[pymethods]
impl Stream {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A request that is not met is no error: whoever asks casts.
        drop(requested_schema);
        let taken = self.reader.lock().ok().and_then(|mut reader| reader.take());
        let reader = taken.ok_or_else(|| PyValueError::new_err("this stream was read before"))?;
        PyCapsule::new(py, FFI_ArrowArrayStream::new(reader), Some(NAME.to_owned()))
    }
}

/// The batches of anything that has `__arrow_c_stream__`.
pub fn reader_of(object: &Bound<'_, PyAny>) -> PyResult<ArrowArrayStreamReader> {
    let capsule = object.call_method0("__arrow_c_stream__").map_err(|_| {
        PyTypeError::new_err(
            "a table, a reader or a frame of Arrow data is needed: something with `__arrow_c_stream__`",
        )
    })?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let stream = capsule.pointer_checked(Some(NAME))?;
    #[expect(unsafe_code, reason = "the interface hands over a pointer")]
    // SAFETY: a capsule of this name holds an ArrowArrayStream, which the interface says that a consumer may move out of it, leaving
    // one that is released; `from_raw` does that.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr().cast()) };
    ArrowArrayStreamReader::try_new(stream).map_err(|error| PyValueError::new_err(error.to_string()))
}
