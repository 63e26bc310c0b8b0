// A system that is not ours, on npm's amqplib. One command a run, told in JSON on stdin; one JSON document on stdout.
import { readFileSync } from 'node:fs'
import amqp from 'amqplib'

const asked = JSON.parse(readFileSync(0, 'utf8'))

const commands = {
  // Have a queue of one's own get what fits the pattern.
  async bind(channel) {
    await channel.assertQueue(asked.queue, { durable: true })
    await channel.bindQueue(asked.queue, asked.exchange, asked.pattern)
  },

  // Take so many messages, each acknowledged.
  async read(channel) {
    const found = []
    let enough
    const all = new Promise((resolve) => (enough = resolve))
    await channel.consume(asked.queue, (message) => {
      channel.ack(message)
      found.push({
        routing_key: message.fields.routingKey,
        properties: message.properties,
        body: message.content.toString('utf8'),
      })
      if (found.length === asked.count) enough()
    })
    await all
    return found
  },

  // Publish, and wait until the broker has taken each.
  async publish(channel) {
    const returned = []
    channel.on('return', (message) => returned.push(message.properties.messageId))
    for (const { body, ...properties } of asked.messages) {
      channel.publish(asked.exchange, asked.routing_key, Buffer.from(body, 'utf8'), { mandatory: true, ...properties })
    }
    await channel.waitForConfirms()
    return { returned }
  },

  // Ask, and wait for the reply with the same correlation id.
  async ask(channel) {
    let answer
    const reply = new Promise((resolve) => (answer = resolve))
    await channel.consume(
      'amq.rabbitmq.reply-to',
      (message) => {
        if (message.properties.correlationId === asked.correlation_id) answer(message)
      },
      { noAck: true },
    )
    channel.publish(asked.exchange, '', Buffer.from(asked.body, 'utf8'), {
      correlationId: asked.correlation_id,
      replyTo: 'amq.rabbitmq.reply-to',
      headers: asked.headers,
      contentType: 'application/json',
    })
    const message = await reply
    return { properties: message.properties, body: message.content.toString('utf8') }
  },
}

const connection = await amqp.connect(asked.url)
connection.on('error', () => {})
const channel = await connection.createConfirmChannel()
const closed = new Promise((_, reject) => channel.on('error', reject))
let said
try {
  said = (await Promise.race([commands[asked.command](channel), closed])) ?? {}
} catch (error) {
  said = { refused: error.message }
}
process.stdout.write(JSON.stringify(said))
await connection.close().catch(() => {})
