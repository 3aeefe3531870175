//! A product.

use prost::Message;
use wink_core::base::Cents;
use wink_core::offer::Product;

use crate::message::{Damaged, Stored, decode};

#[derive(Clone, PartialEq, Message)]
struct ProductMessage {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, optional, tag = "3")]
    category: Option<String>,
    #[prost(string, optional, tag = "4")]
    brand: Option<String>,
    #[prost(sint64, optional, tag = "5")]
    price: Option<i64>,
    #[prost(sint64, optional, tag = "6")]
    cost: Option<i64>,
    #[prost(uint32, optional, tag = "7")]
    stock: Option<u32>,
}

impl Stored for Product {
    fn to_bytes(&self) -> Vec<u8> {
        ProductMessage {
            id: self.id.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            price: self.price.map(|price| price.0),
            cost: self.cost.map(|cost| cost.0),
            stock: self.stock,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: ProductMessage = decode("product", bytes)?;
        Ok(Self {
            id: message.id,
            name: message.name,
            category: message.category,
            brand: message.brand,
            price: message.price.map(Cents),
            cost: message.cost.map(Cents),
            stock: message.stock,
        })
    }
}
