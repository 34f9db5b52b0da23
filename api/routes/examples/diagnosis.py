"""Example responses of /api/v1/dicom and /api/v1/ai-grpc."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

REQUEST_ID = "9b1f6f2c6a3e4d7f8c5d0e4b7a1c2d3e"
MODEL: Mapping[str, Any] = {"name": "fovea-retinal", "version": "3", "run_id": RUN_ID}
RESULT: Mapping[str, Any] = {
    "model_used": "fovea-retinal version 3",
    "processing_time": 0.41,
    "classification": {
        "primary_diagnosis": "RAO",
        "confidence": 0.81,
        "probabilities": {"Normal": 0.11, "RAO": 0.81, "RVO": 0.08},
        "is_calibrated": True,
    },
    "findings": [
        {
            "finding_id": "image-0-region-1",
            "pathology": "RAO",
            "description": "The model's evidence for RAO is strongest here",
            "location": "superior temporal quadrant",
            "severity": "",
            "confidence": 0.81,
            "source": "heat_map",
        }
    ],
    "risk": {
        "score": 1.0,
        "level": "critical",
        "category": "RAO",
        "urgency": "emergency, within 24 h",
    },
    "recommendations": ["Refer as an emergency, within 24 h"],
    "quality": {
        "gradable": True,
        "reasons": [],
        "advice": "",
        "score": 0.93,
        "method": "classical_measures",
    },
    "modality": {"modality": "fundus", "confidence": 0.99, "method": "classical_measures"},
    "out_of_distribution": {
        "is_outside": False,
        "distance": 21.4,
        "threshold": 60.2,
        "method": "mahalanobis",
    },
    "prediction_set": {"classes": ["RAO", "RVO"], "coverage": 0.9, "method": "class_conditional"},
    "abstained": False,
    "reason": "",
    "evidence": [
        {
            "condition": "RAO",
            "probability": 0.81,
            "threshold": None,
            "is_positive": True,
            "required_sensitivity": 0.99,
            "sensitivity": 0.92,
            "support": 13,
            "confidence_interval": [0.67, 0.99],
            "note": "cannot be shown: 13 positives",
        }
    ],
    "model": MODEL,
    "guideline": {
        "condition": "retinal artery occlusion",
        "jurisdiction": "UK",
        "edition": "C205",
        "date": "unknown",
        "source": "College of Optometrists",
        "signature": "No clinician has signed these rules",
    },
    "intended_use": "Research; not a medical device",
    "limitations": ["Sensitivity for RAO was shown on 13 images only"],
}
DIAGNOSIS_DATA: Mapping[str, Any] = {
    **RESULT,
    "request_id": REQUEST_ID,
    "status": "success",
    "images": [
        {
            "file": 0,
            "laterality": "right",
            "laterality_source": "request",
            "num_frames": 1,
            "worst_frame": 0,
            "notes": [],
            "result": RESULT,
            "heat_map": {
                "absent_reason": "",
                "class_name": "RAO",
                "method": "GradCAM",
                "map_png": "iVBORw0KGgo=",
                "overlay_png": "iVBORw0KGgo=",
                "image_png": None,
                "peaks": [
                    {
                        "x": 0.2,
                        "y": 0.1,
                        "width": 0.2,
                        "height": 0.2,
                        "strength": 0.8,
                        "location": "superior temporal quadrant",
                    }
                ],
            },
            "masks": [],
            "dicom_objects": [],
            "error": None,
        }
    ],
    "eyes": [{"laterality": "right", "files": [0], "result": RESULT, "notes": []}],
    "notes": [],
    "error": None,
}
DIAGNOSIS: Mapping[str, Any] = {"status": "success", "data": DIAGNOSIS_DATA}
BATCH: Mapping[str, Any] = {"status": "success", "count": 1, "data": [DIAGNOSIS_DATA]}
UPLOAD: Mapping[str, Any] = {
    "status": "success",
    "data": {
        "request_id": REQUEST_ID,
        "images": [
            {
                "file": 0,
                "laterality": "left",
                "laterality_source": "tag",
                "num_frames": 1,
                "quality": RESULT["quality"],
                "modality": RESULT["modality"],
                "notes": ["The window has a width of 0: the values from min to max are shown"],
                "error": None,
            }
        ],
    },
}
HEALTH: Mapping[str, Any] = {
    "status": "healthy",
    "message": "",
    "gpu": "NVIDIA A100",
    "gpu_memory_used": 4096.0,
    "gpu_memory_total": 81920.0,
    "model": "fovea-retinal version 3",
    "uptime": 86400.0,
    "model_version": MODEL,
    "engine": "embedded",
    "queued": 0,
}
FEEDBACK: Mapping[str, Any] = {
    "request_id": REQUEST_ID,
    "model": "fovea-retinal",
    "version": "3",
    "predicted_class": "RAO",
    "verdict": "overrule",
    "true_class": "RVO",
    "note": "Flame haemorrhages",
    "timestamp": "2026-06-13T10:34:00Z",
}
